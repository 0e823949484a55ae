import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { checkFields } from '../../shared/fields/check-fields.js';
import type { Transport } from '../../shared/transport/transport.js';
import { formerFields } from '../join-fields.js';
import { partOf, type CommonJoinOptions } from '../join-options.js';
import { JoinedRun, type Joined } from '../joined.js';
import { participate, type JoinStep, type RunOutcome } from '../participate.js';
import { connectPatiently } from '../reconnect.js';
import { addressAfter } from '../server-address.js';
import { joinFields } from './browser-fields.js';
import { Entrance, type EntryOptions } from './entrance.js';
import { RenewedLinks } from './life/renewed-links.js';
import { softwareHere } from './software.js';

export type { EntryOptions };

/** How a page joins a run. */
export interface JoinOptions extends CommonJoinOptions, EntryOptions {
  /** Where the page finds wasm files, ending in `/`; by default its bundler knows. */
  readonly wasmFiles?: string;
  /** Instead of `invite` or `ticket`: a way in that was used before. */
  readonly entrance?: Entrance;
}

/** Joins a run from a page or a worker; as in Node, with the browser's own WebSocket. */
export function join(url: string, options: JoinOptions): Joined {
  const { entrance = new Entrance(options) } = options;
  return joinOver(new RenewedLinks((told) => entrance.connect(addressAfter(url, told))), options);
}

/** The same over links that the caller can renew. */
export function joinOver(links: RenewedLinks, options: JoinOptions): Joined {
  return new JoinedRun((leave) => takePart(links, options, leave));
}

async function* takePart(
  { connect, onHurry }: RenewedLinks,
  options: JoinOptions,
  leave: AbortSignal,
): AsyncGenerator<JoinStep, RunOutcome> {
  checkFields('join()', options, joinFields, formerFields);
  const { wasmFiles, engine: name, loadedEngine, state, onLinkNews: onNews } = options;
  const engine = loadedEngine ?? (await chooseEngine(name, wasmFiles === undefined ? {} : { wasmFiles }));
  const reconnect = { connect, onHurry, onNews };
  // After a reload, the page may be up before its server.
  const transport = await connectPatiently(reconnect, state ? 'expected' : 'new', leave);
  const about = { transport, reconnect, engine, leave, software: softwareHere() };
  return yield* participate({ ...partOf(options, state), ...about });
}

/** Opens a WebSocket to a Tandem server, as `Entrance` does. */
export async function connect(url: string, options: EntryOptions = {}): Promise<Transport> {
  return new Entrance(options).connect(url);
}
