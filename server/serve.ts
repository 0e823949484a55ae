import { resolveRun, type RunOptions } from '../shared/config.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { OnEvent } from '../shared/events.js';
import type { Task } from '../shared/task.js';
import { listen } from './listen.js';
import { RunHost, type RunResult } from './run/run-host.js';

export interface ServeOptions extends RunOptions {
  readonly task: Task;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Loopback by default: others reach the server only if you say so. */
  readonly host?: string;
  /** Goes on answering predictions after the run, until `close`. */
  readonly keepServing?: boolean;
  readonly onEvent?: OnEvent;
  /** Instead of an engine by name: one that is loaded already. */
  readonly loadedEngine?: Engine;
}

export interface RunningServer {
  /** Where clients join, e.g. `ws://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** How the run went. Rejects with NO_CLIENTS when all clients left, with CANCELLED after `close`. */
  readonly finished: Promise<RunResult>;
  close(): Promise<void>;
}

/**
 * Starts a server for one run of a task and returns once it listens; training begins when all its clients have joined.
 *
 * ```ts
 * const server = await serve({ task, clients: 3, port: 8080 });
 * const { summary } = await server.finished;
 * ```
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { task, port = 0, host = '127.0.0.1', keepServing = false, onEvent } = options;
  const settings = resolveRun(task, options);
  const engine = options.loadedEngine ?? (await chooseEngine(settings.engine));
  const run = await RunHost.create({ task, settings, engine, transport: 'websocket', ...(onEvent ? { onEvent } : {}) });
  const listener = await listen({
    host,
    port,
    maxMessageBytes: run.maxMessageBytes,
    onTransport: (transport) => void run.accept(transport),
  });
  const close = async () => {
    run.close(new TandemError('CANCELLED', 'the server is shutting down'));
    await listener.close();
  };
  if (!keepServing) {
    run.finished.then(close, close);
  }
  return { url: listener.url, port: listener.port, finished: run.finished, close };
}
