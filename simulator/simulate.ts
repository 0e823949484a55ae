import { softwareHere } from '../client/node/software.js';
import { participate } from '../client/participate.js';
import type { OnPredictions } from '../client/predictions.js';
import type { RunHooks } from '../server/hooks/run-hooks.js';
import type { RunResult } from '../server/run/summarise.js';
import type { TestedModel } from '../server/run/trained-model.js';
import { resolveRun, type RunOptions } from '../shared/config.js';
import { matchNames } from '../shared/data/match-names.js';
import { namesOfTask } from '../shared/task-names.js';
import { limited, type ClientData } from '../shared/data/dataset.js';
import { refuseOtherData } from '../shared/data/check-dataset.js';
import { dealData } from '../shared/data/partition.js';
import type { IdentifiedData } from '../shared/data/row-ids.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import type { Engine } from '../shared/engine/engine.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import type { OnEvent } from '../shared/events.js';
import { checkFields } from '../shared/fields/check-fields.js';
import { runOptionsOf } from '../shared/run-fields.js';
import { simulateFields } from './simulate-fields.js';
import { checkClients } from './check-clients.js';
import { checkSite } from './check-site.js';
import { dealToParties } from './deal-to-parties.js';
import { findTopology } from '../shared/topologies.js';
import type { Task } from '../shared/task.js';
import { trainCentralised } from './centralised.js';
import type { TransportName } from './transport-names.js';
import { openRun, type SiteOptions } from './open-run.js';
import { GRACE_SECONDS, KeptState, refuseToKeep } from './kept-state.js';
import { ownCodecs } from '../shared/wire/codecs-of.js';
import { openRelays, relaySegments } from './relays.js';
import { Tabs } from './tabs/tabs.js';

/** What is trained, on whose data, and how. */
export interface SimulateOptions extends RunOptions {
  readonly task: Task;
  /** Everybody's data; the simulator deals them to the clients. */
  readonly data: ClientData;
  /** `websocket`: real sockets on loopback; `loopback`: in this process. */
  readonly transport?: TransportName;
  /** `multi-hop` only: relays between clients and server, one above the other; 1 by default. */
  readonly relays?: number;
  /** How many segments each client holds, from the bottom up, where they differ. */
  readonly clientSegments?: readonly number[];
  /** The name of the bottom each client holds, where the task has further ones; `default` is its own. */
  readonly clientBottoms?: readonly string[];
  /** Vertical: the share of the rows that each party lacks; what all have is then matched by id. */
  readonly missingIds?: number;
  /** Vertical, where the data have rows `toPredict`: is told what the model says of them, as the active party is. */
  readonly onPredictions?: OnPredictions;
  /** How many of the clients are tabs of a real Chromium; the first places are theirs. */
  readonly browsers?: number;
  /** Chromium's executable, where it is not in a usual place. */
  readonly chromium?: string;
  /** Shows the run to browsers on this machine, at this port; 0 takes any free port. */
  readonly dashboard?: number;
  /** Hears where the dashboard is. */
  readonly onDashboard?: (url: string) => void;
  /** Is waited for before the server closes, with how the run ended: until then the dashboard stays. */
  readonly beforeClosing?: (outcome: RunResult | TandemError) => Promise<void>;
  readonly onEvent?: OnEvent;
  /** Hooks: functions that hear of the run and may decide who is let in, and when it ends. */
  readonly hooks?: RunHooks;
  /** Given the model of each test on the way, and whenever one is the best so far; the run waits for it. */
  readonly onModel?: (model: TestedModel) => Promise<void>;
  /** A folder in which server and clients are written down, and from which the same run goes on after a crash. */
  readonly state?: string;
  readonly loadedEngine?: Engine;
  /** Stops the run; it then rejects with CANCELLED. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a server and all its clients in this process, over the real protocol.
 *
 * ```ts
 * const { summary } = await simulate({ task, data, clients: 4, schedule: 'splitfed-v2' });
 * ```
 */
export async function simulate(options: SimulateOptions): Promise<RunResult> {
  checkFields('simulate()', options, simulateFields);
  const { task, transport = 'websocket', browsers = 0, onEvent, signal } = options;
  refuseOtherData(options.data);
  const { data } = matchNames(options.data, namesOfTask(task));
  const vertical = findTopology(options.topology ?? 'vanilla').data === 'features';
  // Parties that are dealt columns of one table have its rows in its order, unless each is to lack some.
  const { missingIds, aligned = missingIds === undefined } = options;
  const ofRun = { ...runOptionsOf(options), ...(vertical ? { aligned } : {}) };
  const settings = resolveRun(task, ofRun);
  const codecs = ownCodecs(ofRun);
  if (!vertical && missingIds !== undefined) {
    throw new TandemError(
      'BAD_OPTION',
      `topology '${settings.topology.name}' has no ids to miss`,
      'leave --missing-ids out',
    );
  }
  if (data.toPredict?.size && (!vertical || settings.schedule.clients === 'none')) {
    const what = 'the data have rows to predict, and this run has no parties that have columns of them';
    throw new TandemError('BAD_OPTION', what, 'leave them out, or use a vertical topology');
  }
  if (settings.evaluateEvery !== undefined && !data.test?.size) {
    const why = 'the data have no test samples to evaluate on';
    throw new TandemError('BAD_OPTION', why, 'leave out --evaluate-every and --patience, or use other data');
  }
  const keeps = relaySegments(task, settings.topology, options.relays);
  checkClients(options, settings);
  checkSite(options, settings);
  if (options.state !== undefined) refuseToKeep(settings, options);
  const engine = options.loadedEngine ?? (await chooseEngine(settings.engine));
  const events = onEvent ? { onEvent } : {};
  if (settings.schedule.clients === 'none') {
    if (options.hooks) throw new TandemError('BAD_OPTION', 'hooks need clients, and there are none', 'leave them out');
    const whole: ClientData = { ...data, train: limited(data.train, settings.limit) };
    const { onModel } = options;
    return trainCentralised({ task, settings, data: whole, engine, ...events, ...(onModel ? { onModel } : {}) });
  }
  const parts = vertical ? await dealToParties(task, data, settings, missingIds) : dealData(data, settings);
  const tabs = browsers > 0 ? await Tabs.open({ data, limit: settings.limit, chromium: options.chromium }) : undefined;
  const site = siteOf(options, tabs);
  const state =
    options.state === undefined ? undefined : await KeptState.open(options.state, settings.clients, site !== undefined);
  const keeping = state ? { state, graceSeconds: GRACE_SECONDS } : {};
  const opening = {
    task,
    settings,
    engine,
    options: ofRun,
    codecs,
    transport,
    onModel: options.onModel,
    hooks: options.hooks,
    ...keeping,
    ...events,
  };
  const run = await openRun(opening, site).catch(async (error: unknown) => {
    await tabs?.close();
    await state?.close();
    throw error;
  });
  if (run.dashboard !== null) options.onDashboard?.(run.dashboard);
  const stopped = new TandemError('CANCELLED', 'the simulation was stopped');
  let closing: Promise<void> | undefined;
  const cancel = () => {
    // What is written down goes on from where it stopped.
    closing ??= run.stop(stopped);
    void tabs?.close();
  };
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  const relays = await openRelays(transport, run.network, keeps, engine, codecs).catch(async (error: unknown) => {
    cancel();
    await run.network.close();
    throw error;
  });
  const { network } = relays;
  let failure: TandemError | undefined;
  // Its data are the caller's: a run without them is not the one that was asked for.
  const fail = (client: number, error: unknown) => {
    const why = asTandemError(error);
    // A run that goes on may have been over, and its clients told, when it was written down.
    if (state && why.code === 'RUN_OVER') return;
    failure ??= ofClient(client, why);
    run.close(failure);
  };
  const comingBack = (index: number) => {
    const store = state?.clients[index];
    const connect = () => (signal?.aborted ? Promise.reject(stopped) : network.connect());
    return store ? { checkpoints: { store }, reconnect: { connect } } : {};
  };
  const takePart = async (part: IdentifiedData, index: number) => {
    if (tabs && run.url !== null && index < browsers) return tabs.takePart(run.url);
    const [segments, bottom] = [options.clientSegments?.[index], options.clientBottoms?.[index]];
    const own = { ...(segments === undefined ? {} : { segments }), ...(bottom === undefined ? {} : { bottom }) };
    const party = index === settings.clients - 1 ? ('active' as const) : index;
    const { onPredictions } = options;
    const asking = onPredictions && party === 'active' ? { onPredictions } : {};
    const as = vertical ? { party, aligned, ...asking } : { place: [index, settings.clients] as const, ...own };
    // As a client in Node says it, so that a simulated run has the same bytes.
    const about = { engine, codecs, software: softwareHere(), ...comingBack(index) };
    for await (const _ of participate({ transport: await network.connect(), data: part, ...about, ...as })) {
      // Who said goodbye could not go on: a run that is written down ends its clients itself.
      if (signal?.aborted && !state) return;
    }
  };
  try {
    await Promise.all(parts.map((part, index) => takePart(part, index).catch((error: unknown) => fail(index, error))));
    await tabs?.close();
    const ended = await run.finished.catch((error: unknown) => asTandemError(signal?.aborted ? stopped : error));
    const outcome = signal?.aborted ? ended : (failure ?? ended);
    if (!signal?.aborted) await options.beforeClosing?.(outcome);
    if (outcome instanceof TandemError) throw outcome;
    return outcome;
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
    await closing;
    await relays.close();
    await run.network.close();
    await tabs?.close();
    await state?.close();
  }
}

function ofClient(client: number, failure: TandemError): TandemError {
  const { code, message, action, step, row, cause } = failure;
  return Object.assign(new TandemError(code, `client ${client}: ${message}`, action, step, row), { cause });
}

function siteOf({ dashboard }: SimulateOptions, tabs: Tabs | undefined): SiteOptions | undefined {
  if (!tabs && dashboard === undefined) return undefined;
  return { port: dashboard ?? 0, dashboard: dashboard !== undefined, ...(tabs ? { offerData: tabs.folder } : {}) };
}
