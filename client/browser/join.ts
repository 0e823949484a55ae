import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { Transport } from '../../shared/transport/transport.js';
import { participate, type JoinStep, type ParticipateOptions, type RunOutcome } from '../participate.js';
import type { OnLinkNews } from '../link-news.js';
import { connectPatiently } from '../reconnect.js';
import { Entrance, type EntryOptions } from './entrance.js';
import { RenewedLinks } from './life/renewed-links.js';
import { checkFields } from '../../shared/fields/check-fields.js';
import { joinFields } from './browser-fields.js';
import { softwareHere } from './software.js';

export type { EntryOptions };

export interface JoinOptions
  extends
    Pick<ParticipateOptions, 'data' | 'limit' | 'onTesting' | 'place' | 'takesShare' | 'leave' | 'checkpoints'>,
    EntryOptions {
  readonly engine?: string;
  readonly loadedEngine?: Engine;
  /** Where the page finds wasm files, ending in `/`; by default its bundler knows. */
  readonly wasmFiles?: string;
  /** Instead of `invite` or `ticket`: a way in that was used before. */
  readonly entrance?: Entrance;
  /** Told when the link is lost, why it cannot be opened again yet, and when it is back. */
  readonly onLinkNews?: OnLinkNews;
  /** Instead of links of its own: some that the caller can renew. */
  readonly links?: RenewedLinks;
}

/** Joins a run from a page or a worker; as in Node, with the browser's own WebSocket. */
export async function* join(url: string, options: JoinOptions): AsyncGenerator<JoinStep, RunOutcome> {
  checkFields('join()', options, joinFields);
  const {
    wasmFiles,
    entrance = new Entrance(options),
    engine: name,
    loadedEngine,
    links: given,
    onLinkNews,
    ...rest
  } = options;
  const engine = loadedEngine ?? (await chooseEngine(name, wasmFiles === undefined ? {} : { wasmFiles }));
  const links = given ?? new RenewedLinks((address) => entrance.connect(address ?? url));
  const { connect, onHurry } = links;
  const reconnect = { connect, onHurry, onNews: onLinkNews };
  // Who goes on after a reload may be up before its server is.
  const standing = rest.checkpoints ? 'expected' : 'new';
  const transport = await connectPatiently(reconnect, standing, rest.leave);
  return yield* participate({ ...rest, transport, engine, reconnect, software: softwareHere() });
}

/** Opens a WebSocket to a Tandem server, as `Entrance` does. */
export async function connect(url: string, options: EntryOptions = {}): Promise<Transport> {
  return new Entrance(options).connect(url);
}
