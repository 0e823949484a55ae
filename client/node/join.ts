import { WebSocket } from 'ws';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import { opened, WebSocketTransport } from '../../shared/transport/websocket.js';
import type { Transport } from '../../shared/transport/transport.js';
import { participate, type JoinStep, type ParticipateOptions, type RunOutcome } from '../participate.js';

export interface JoinOptions extends Pick<ParticipateOptions, 'data' | 'limit'> {
  /** `[index, count]`: uses only this share of the data, dealt by the run's seed, and asks for this place in the run. */
  readonly shard?: readonly [number, number];
  /** `auto`, `tfjs` or `onnx`. */
  readonly engine?: string;
  /** Instead of an engine by name: one that is loaded already. */
  readonly loadedEngine?: Engine;
}

/**
 * Joins a run as a training client. The bottom model comes from the server; the data stay here.
 *
 * ```ts
 * for await (const step of join('ws://127.0.0.1:8080', { data })) console.log(step.step, step.loss);
 * ```
 *
 * Throws UNREACHABLE when no server answers, and what `participate` throws.
 */
export async function* join(url: string, options: JoinOptions): AsyncGenerator<JoinStep, RunOutcome> {
  const engine = options.loadedEngine ?? (await chooseEngine(options.engine));
  const { data, limit, shard: place } = options;
  const transport = await connect(url);
  return yield* participate({
    transport,
    data,
    engine,
    ...(limit === undefined ? {} : { limit }),
    ...(place ? { place, takesShare: true } : {}),
  });
}

/** Opens a WebSocket to a Tandem server. Throws BAD_OPTION for an address that is none, UNREACHABLE. */
export async function connect(url: string): Promise<Transport> {
  if (!/^wss?:\/\/[^/]/.test(url)) {
    throw new TandemError('BAD_OPTION', `'${url}' is not a WebSocket address`, 'give one like ws://127.0.0.1:8080');
  }
  // Masks protect proxies from scripts of a page; here they would only cost a pass over every byte on both sides.
  const socket = new WebSocket(url, { perMessageDeflate: false, generateMask: () => undefined });
  // The transport listens before the socket opens: messages may come in the same moment.
  const transport = new WebSocketTransport(socket);
  await opened(socket, url);
  return transport;
}
