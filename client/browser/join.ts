import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { Transport } from '../../shared/transport/transport.js';
import { participate, type JoinStep, type ParticipateOptions, type RunOutcome } from '../participate.js';
import { Entrance, type EntryOptions } from './entrance.js';

export type { EntryOptions };

export interface JoinOptions
  extends Pick<ParticipateOptions, 'data' | 'limit' | 'place' | 'takesShare' | 'leave'>, EntryOptions {
  readonly engine?: string;
  readonly loadedEngine?: Engine;
  /** Where the page finds wasm files, ending in `/`; by default its bundler knows. */
  readonly wasmFiles?: string;
  /** Instead of `invite` or `ticket`: a way in that was used before. */
  readonly entrance?: Entrance;
}

/** Joins a run from a page or a worker; as in Node, with the browser's own WebSocket. */
export async function* join(url: string, options: JoinOptions): AsyncGenerator<JoinStep, RunOutcome> {
  const { wasmFiles, entrance = new Entrance(options), engine: name, loadedEngine, ...rest } = options;
  const engine = loadedEngine ?? (await chooseEngine(name, wasmFiles === undefined ? {} : { wasmFiles }));
  const transport = await entrance.connect(url);
  const reconnect = { connect: (address: string | null) => entrance.connect(address ?? url) };
  return yield* participate({ ...rest, transport, engine, reconnect });
}

/** Opens a WebSocket to a Tandem server, as `Entrance` does. */
export async function connect(url: string, options: EntryOptions = {}): Promise<Transport> {
  return new Entrance(options).connect(url);
}
