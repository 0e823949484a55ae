import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { opened, WebSocketTransport } from '../../shared/transport/websocket.js';
import type { Transport } from '../../shared/transport/transport.js';
import { participate, type JoinStep, type ParticipateOptions, type RunOutcome } from '../participate.js';

export interface JoinOptions extends Pick<ParticipateOptions, 'data' | 'limit'> {
  readonly engine?: string;
  readonly loadedEngine?: Engine;
}

/** Joins a run from a page or a worker; as in Node, with the browser's own WebSocket. */
export async function* join(url: string, options: JoinOptions): AsyncGenerator<JoinStep, RunOutcome> {
  const engine = options.loadedEngine ?? (await chooseEngine(options.engine));
  const { data, limit } = options;
  const transport = await connect(url);
  return yield* participate({ transport, data, engine, ...(limit === undefined ? {} : { limit }) });
}

/** Opens a WebSocket to a Tandem server. Throws UNREACHABLE. */
export async function connect(url: string): Promise<Transport> {
  const socket = new WebSocket(url);
  // The transport listens before the socket opens: messages may come in the same moment.
  const transport = new WebSocketTransport(socket);
  await opened(socket, url);
  return transport;
}
