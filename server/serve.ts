import { resolveRun, type RunOptions } from '../shared/config.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import type { Engine } from '../shared/engine/engine.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import type { OnEvent, RunEvent } from '../shared/events.js';
import type { Task } from '../shared/task.js';
import type { Transport } from '../shared/transport/transport.js';
import { serveFields } from './serve-fields.js';
import { checkFields } from '../shared/fields/check-fields.js';
import { runOptionsOf } from '../shared/run-fields.js';
import { describeRun } from './dashboard/describe-run.js';
import { DashboardHistory } from './dashboard/history.js';
import { Dashboard } from './dashboard/dashboard.js';
import { SessionHolders } from './entry/session-holders.js';
import { Door, type Behind, type DoorOptions } from './http/door.js';
import { OfferedData } from './http/offered-data.js';
import { readingOf } from '../shared/run-reading.js';
import { RunCards } from './http/run-card.js';
import { sitePages } from './http/site.js';
import { listen, type Listener } from './listen.js';
import { SharedModel } from './shared-model.js';
import { createHookedHost } from './hooks/hooked-host.js';
import type { RunHooks } from './hooks/run-hooks.js';
import type { Host } from './host.js';
import { refuseState } from './run/resumable.js';
import { ownCodecs } from '../shared/wire/codecs-of.js';
import { FileStore } from '../storage/file-store.js';
import type { RunResult } from './run/summarise.js';
import type { TestedModel } from './run/trained-model.js';

const DEFAULT_GRACE_SECONDS = 10;

/** What is trained, and how the server is reached. */
export interface ServeOptions extends RunOptions, DoorOptions {
  readonly task: Task;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Loopback by default: others reach the server only if you say so. */
  readonly host?: string;
  /** Goes on answering predictions after the run, until `close`. */
  readonly keepServing?: boolean;
  /** Gives the merged model to who trains, after the run, until `close`. */
  readonly shareModel?: boolean;
  /** Seconds for which a client whose link is lost is waited for; 10 by default, 0 for none. */
  readonly graceSeconds?: number;
  /** A folder of unpacked idx files that pages may train on, each on its share: whoever reaches the server can read them. */
  readonly offerData?: string;
  /** A folder of custom pages, shown below `/pages/` to anybody who reaches the server. */
  readonly pages?: string;
  /** Whether browsers may fetch the certificate of `tlsCert`, below `/certificate/`, to be trusted by hand. */
  readonly showCertificate?: boolean;
  /** A folder in which the run is written down, and from which it goes on when it is started again. */
  readonly state?: string;
  /** With `state`: steps of all clients between two checkpoints, at most 100; by default 64 or more, so that they cost little. */
  readonly checkpointEvery?: number;
  /** Whether browsers are shown the run, at `/`; they are unless this is false. */
  readonly dashboard?: boolean;
  readonly onEvent?: OnEvent;
  /** Hooks: functions that hear of the run and may decide who is let in, and when it ends. */
  readonly hooks?: RunHooks;
  /** Given the model of each test on the way, and whenever one is the best so far; the run waits for it. */
  readonly onModel?: (model: TestedModel) => Promise<void>;
  /** Hears of trouble that does not end the run, such as a full disk under the audit log. */
  readonly onTrouble?: (message: string) => void;
  /** Instead of an engine by name: one that is loaded already. */
  readonly loadedEngine?: Engine;
}

/** A server that listens. */
export interface RunningServer {
  /** Where clients join, e.g. `ws://127.0.0.1:8080`. */
  readonly url: string;
  /** The run's id, as in logs. */
  readonly run: string;
  readonly port: number;
  /** Where a browser looks at the run, e.g. `http://127.0.0.1:8080/`; null where nobody is to look. */
  readonly dashboard: string | null;
  /** How the run went. Rejects with NO_CLIENTS when all clients left, with CANCELLED after `close`. */
  readonly finished: Promise<RunResult>;
  close(): Promise<void>;
  /**
   * With `state`: writes the run down, tells clients when and where to come back, and closes. `finished` rejects with CANCELLED; the run goes
   * on when it is started again.
   */
  drain(seconds?: number, address?: string): Promise<void>;
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
  checkFields('serve()', options, serveFields);
  const { task, port = 0, host = '127.0.0.1', shareModel = false, graceSeconds = DEFAULT_GRACE_SECONDS } = options;
  const keepServing = shareModel || (options.keepServing ?? false);
  const settings = resolveRun(task, runOptionsOf(options));
  const { state, checkpointEvery: everySteps, offerData } = options;
  if (state !== undefined) refuseState(graceSeconds);
  const engine = options.loadedEngine ?? (await chooseEngine(settings.engine));
  const store = state === undefined ? undefined : await FileStore.open(state);
  // The door needs the run's sizes, the run tells its events to the door: those it tells before are kept for it.
  const early: RunEvent[] = [];
  let tell: OnEvent = (event) => void early.push(event);
  const holders = new SessionHolders(true);
  const hosted = {
    task,
    settings,
    engine,
    transport: 'websocket',
    graceSeconds,
    holders,
    codecs: ownCodecs(options),
    onModel: options.onModel,
    ...(store ? { checkpoints: { store, everySteps, onTrouble: options.onTrouble } } : {}),
    onEvent: (event: RunEvent) => {
      tell(event);
    },
  };
  const run = await createHookedHost(hosted, options.hooks, options.onTrouble).catch(async (error: unknown) => {
    await store?.close();
    throw error;
  });
  const { id } = run;
  const facts = describeRun(id, task, settings, engine.label);
  const history = state === undefined ? undefined : new DashboardHistory(state);
  const shown = options.dashboard === false ? {} : { dashboard: await Dashboard.start(facts, history) };
  const data = offerData === undefined ? null : await OfferedData.in(offerData, settings);
  const reading = readingOf(task);
  const cards = new RunCards(task.name, settings, run, { ...options, data, reading, graceSeconds });
  const site = { pages: sitePages(options), cards, reading, data };
  const model = SharedModel.of(task, settings.seed, run.finished, shareModel);
  const place = { host, port, clients: settings.clients, ...site, ...shown, model, holders };
  const opened = await open(options, place, run).catch((error: unknown) => {
    run.close(asTandemError(error));
    void store?.close();
    throw error;
  });
  const { door, listener } = opened;
  tell = door.onEvent;
  early.forEach(tell);
  void door.dashboard?.follow(run.finished);
  const { readiness } = door;
  run.finished.then(
    () => readiness.become('finished'),
    () => readiness.become('failed'),
  );
  const close = async () => {
    readiness.become('draining');
    run.close(new TandemError('CANCELLED', 'the server is shutting down'));
    await listener.close();
    await door.close();
    await store?.close();
  };
  const drain = async (seconds = 1, address?: string) => {
    readiness.become('draining');
    if (store) await run.drain?.(seconds, address ?? null);
    await close();
  };
  if (!keepServing) {
    run.finished.then(close, close);
  }
  // It is shown to this machine, by whatever address the server listens at.
  const shownAt = listener.url
    .replace(/^ws/, 'http')
    .replace('//0.0.0.0', '//127.0.0.1')
    .replace('//[::]:', '//[::1]:');
  const dashboard = door.dashboard ? `${shownAt}/` : null;
  return { url: listener.url, port: listener.port, dashboard, run: id, finished: run.finished, close, drain };
}

type Place = Pick<
  Behind,
  'host' | 'clients' | 'pages' | 'cards' | 'reading' | 'data' | 'dashboard' | 'model' | 'holders'
> & {
  readonly port: number;
};

async function open(
  options: ServeOptions,
  { port, ...place }: Place,
  run: Host,
): Promise<{ door: Door; listener: Listener }> {
  const { onEvent, onTrouble } = options;
  const { host } = place;
  const { id, maxMessageBytes } = run;
  const door = await Door.open(options, {
    ...place,
    run: id,
    maxMessageBytes,
    ...(onEvent ? { onEvent } : {}),
    ...(onTrouble ? { onTrouble } : {}),
  });
  try {
    const onTransport = (transport: Transport) => void run.accept(transport);
    const sizes = { maxMessageBytes, maxQueryBytes: run.maxQueryBytes };
    return { door, listener: await listen({ host, port, ...sizes, door, onTransport }) };
  } catch (error) {
    await door.close();
    throw error;
  }
}
