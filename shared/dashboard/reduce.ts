import type { AccessEvent } from '../access-event.js';
import { sayDeparture, type EvaluationPoint, type RunEvent, type RunSummary } from '../events.js';
import type { MetricValues } from '../metrics/metrics.js';
import { plainLine } from '../plain-line.js';
import { addPoint, cutAfter } from './series.js';
import type { ClientTile, DashboardState, EvaluationShown, LogEntry, TrafficReading } from './state.js';

/** Inputs of the dashboard's reducer; `at` is in milliseconds since 1970, as a reducer knows no clock. */
export type DashboardInput =
  | { readonly kind: 'event'; readonly at: number; readonly event: RunEvent }
  /** Once a second. */
  | { readonly kind: 'measured'; readonly at: number; readonly traffic: TrafficReading }
  | { readonly kind: 'finished'; readonly at: number; readonly summary: RunSummary }
  | { readonly kind: 'failed'; readonly at: number; readonly code: string; readonly reason: string };

/** Weight of the newest loss in the running mean that is shown. */
const SMOOTHING = 0.05;
const MAX_LOG = 60;
const MAX_EVALUATIONS = 400;
/** Texts of clients are cut to so many characters. */
const MAX_TEXT = 200;
const MAX_CODES = 64;

/** The state after an input; parts that did not change are the very same objects. */
export function reduceDashboard(state: DashboardState, input: DashboardInput): DashboardState {
  switch (input.kind) {
    case 'event':
      return ofEvent(state, input.event, input.at);
    case 'measured':
      return measured(state, input.traffic, input.at);
    case 'finished':
      return finished(state, input.summary, input.at);
    case 'failed': {
      const { code, at } = input;
      const reason = short(input.reason);
      const progress = { ...state.progress, endedAt: at };
      const failed = { ...state, at, progress, phase: 'failed', ending: { kind: 'failed', code, reason } } as const;
      return noted(failed, 'course', `the run failed: ${reason}`, at);
    }
  }
}

function ofEvent(state: DashboardState, event: RunEvent, at: number): DashboardState {
  switch (event.kind) {
    case 'client-joined': {
      const { client, samples } = event;
      const engine = short(event.engine);
      const tile = withClient(state, client, { engine, samples, here: true, code: null, reason: null });
      return noted(tile, 'came', `client ${client} joined with ${samples.toLocaleString('en')} samples, ${engine}`, at);
    }
    case 'client-left': {
      const { client, code } = event;
      const reason = short(event.reason);
      const tile = withClient(state, client, { here: false, code, reason });
      return noted(tile, code === null ? 'left' : 'lost', `client ${client} ${sayDeparture({ code, reason })}`, at);
    }
    case 'refused': {
      const who = event.client === null ? 'a client' : `client ${event.client}`;
      return noted(counted(state, event.code), 'refused', `${who} was refused: ${short(event.reason)}`, at);
    }
    case 'resumed':
      return resumed(state, event, at);
    case 'round-started':
      return roundStarted(state, event.round, event.planned, at);
    case 'step':
      return stepped(state, event, at);
    case 'mended':
      return noted(state, 'course', `client ${event.client}: ${short(event.what)}`, at);
    case 'aggregated':
      return { ...state, phase: 'averaging' };
    case 'pool': {
      const text = `learned from what clients sent, ${event.epoch} of ${event.epochs} times`;
      return noted({ ...state, phase: 'averaging' }, 'course', text, at);
    }
    case 'evaluating': {
      const progress = { ...state.progress, testing: { samples: event.samples, done: 0 } };
      return noted({ ...state, phase: 'testing', progress }, 'course', `testing on ${event.samples} samples`, at);
    }
    case 'evaluated': {
      const { testing } = state.progress;
      if (!testing) return state;
      const done = testing.done + event.samples;
      return { ...state, progress: { ...state.progress, testing: { ...testing, done } } };
    }
    case 'predicted': {
      const text = `predicted ${event.rows} of ${event.of} rows to the active party`;
      return noted(state, 'course', text, at);
    }
    case 'scored':
      return scored(state, event.evaluation, at);
    case 'access':
      return access(state, event, at);
    default:
      return state;
  }
}

/** Goes back to the checkpoint that the server went on from: what came after it will happen again. */
function resumed(state: DashboardState, event: RunEvent & { kind: 'resumed' }, at: number): DashboardState {
  const { round, steps, samples, planned } = event;
  const { progress } = state;
  const isBack = round < progress.round;
  const back: DashboardState = {
    ...state,
    at,
    phase: 'training',
    ending: null,
    progress: {
      ...progress,
      round,
      steps,
      samples,
      planned,
      stepsBefore: isBack ? steps : Math.min(progress.stepsBefore, steps),
      startedAt: progress.startedAt ?? at,
      endedAt: null,
      testing: null,
    },
    loss: cutAfter(state.loss, steps),
    evaluations: state.evaluations.filter((evaluation) => evaluation.steps <= steps),
  };
  const withClients = event.clients.reduce(
    (known, { client, ...own }) => withClient(known, client, own.here ? { ...own, code: null, reason: null } : own),
    back,
  );
  return noted(withClients, 'course', `the server went on from step ${steps.toLocaleString('en')}`, at);
}

function roundStarted(state: DashboardState, round: number, planned: number, at: number): DashboardState {
  const { progress } = state;
  const first = progress.startedAt === null;
  const isNew = first || round !== progress.round;
  const begun: DashboardState = {
    ...state,
    phase: 'training',
    progress: {
      ...progress,
      round,
      planned,
      stepsBefore: isNew ? progress.steps : progress.stepsBefore,
      startedAt: progress.startedAt ?? at,
    },
  };
  return first ? noted(begun, 'course', 'training began', at) : begun;
}

function stepped(state: DashboardState, event: RunEvent & { kind: 'step' }, at: number): DashboardState {
  const { client, step, loss, samples } = event;
  const { progress } = state;
  // One that is done while its run is being closed is not counted there, and has no number of its own.
  if (step <= progress.steps) return state;
  const mean = progress.loss === null ? loss : progress.loss + SMOOTHING * (loss - progress.loss);
  const steps = (state.clients.find((tile) => tile.client === client)?.steps ?? 0) + 1;
  const own = withClient(state, client, { steps, loss, lastStepAt: at });
  return {
    ...own,
    progress: { ...progress, steps: step, samples: progress.samples + samples, loss: mean },
    loss: addPoint(state.loss, step, [loss]),
  };
}

function measured(state: DashboardState, traffic: TrafficReading, at: number): DashboardState {
  const { startedAt } = state.progress;
  const runs = startedAt !== null && state.ending === null;
  const { samplesPerSecond, upPerSecond, downPerSecond } = traffic;
  const flow = runs
    ? addPoint(state.flow, (at - startedAt) / 1000, [samplesPerSecond, upPerSecond, downPerSecond])
    : state.flow;
  return { ...state, at, traffic, flow };
}

function scored(state: DashboardState, point: EvaluationPoint, at: number): DashboardState {
  const { steps, round, testLoss, metrics } = point;
  return withScores(state, { steps, round, testLoss }, metrics, at);
}

function withScores(
  state: DashboardState,
  facts: Omit<EvaluationShown, 'metrics'>,
  values: MetricValues,
  at: number,
): DashboardState {
  const numbers = Object.entries(values).filter(([, value]) => typeof value === 'number');
  const metrics = Object.fromEntries(numbers) as Record<string, number>;
  const evaluations = [...state.evaluations, { ...facts, metrics }].slice(-MAX_EVALUATIONS);
  const confusion = values.confusionMatrix ?? state.confusion;
  const told = Object.entries(metrics).map(([name, value]) => `, ${name} ${value.toFixed(4)}`);
  const text = `after ${facts.steps} steps: test loss ${facts.testLoss?.toFixed(4) ?? '-'}${told.join('')}`;
  return noted({ ...state, evaluations, confusion }, 'scored', text, at);
}

/** The last evaluation of a run that has no other is told with its end. */
function finished(state: DashboardState, summary: RunSummary, at: number): DashboardState {
  const { steps, samples, seconds, samplesPerSecond, stopped, testAccuracy, testLoss, bytes, lost, weightsHash } =
    summary;
  const tells = summary.evaluations.length === 0 && testLoss !== null;
  const round = state.progress.round + 1;
  const known = tells ? withScores(state, { steps, round, testLoss }, summary.metrics, at) : state;
  const shown = {
    steps,
    samples,
    seconds,
    samplesPerSecond,
    stopped,
    testAccuracy,
    testLoss,
    bytes,
    lost,
    weightsHash,
  };
  const progress = { ...known.progress, testing: null, endedAt: at };
  const ended = { ...known, at, phase: 'finished', progress, ending: { kind: 'finished', summary: shown } } as const;
  return noted(ended, 'course', `the run is over after ${steps.toLocaleString('en')} steps`, at);
}

/** Links that open and close are not shown; refusals are. */
function access(state: DashboardState, event: AccessEvent, at: number): DashboardState {
  const who = event.subject ?? short(event.address);
  switch (event.what) {
    case 'admitted':
      return noted(state, 'came', `${who} was let in to ${event.role ?? 'the server'}`, at);
    case 'refused':
      return noted(
        counted(state, event.code ?? '-'),
        'refused',
        `${who} was refused: ${short(event.reason ?? '-')}`,
        at,
      );
    case 'struck-out':
      return noted(state, 'refused', `${who} is shut out for a while: refused too often`, at);
    case 'cut':
      return noted(counted(state, event.code ?? '-'), 'refused', `${who} was cut: its right was revoked`, at);
    case 'key-enrolled':
      return noted(state, 'came', `${who} enrolled a key`, at);
    case 'model-taken':
      return noted(state, 'came', `${who} was given the merged model`, at);
    case 'ticket-issued':
    case 'link-opened':
    case 'link-closed':
      return state;
  }
}

function withClient(state: DashboardState, client: number, change: Partial<ClientTile>): DashboardState {
  const fresh: ClientTile = {
    client,
    engine: '-',
    samples: 0,
    steps: 0,
    loss: null,
    lastStepAt: null,
    here: true,
    code: null,
    reason: null,
  };
  const known = state.clients.some((tile) => tile.client === client);
  const clients = known
    ? state.clients.map((tile) => (tile.client === client ? { ...tile, ...change } : tile))
    : [...state.clients, { ...fresh, ...change }].sort((a, b) => a.client - b.client);
  return { ...state, clients };
}

function counted(state: DashboardState, code: string): DashboardState {
  const full = !(code in state.refusals) && Object.keys(state.refusals).length >= MAX_CODES;
  const key = full ? 'others' : code;
  return { ...state, refusals: { ...state.refusals, [key]: (state.refusals[key] ?? 0) + 1 } };
}

function noted(state: DashboardState, kind: LogEntry['kind'], text: string, at: number): DashboardState {
  const number = (state.log.at(-1)?.number ?? 0) + 1;
  return { ...state, log: [...state.log, { number, at, kind, text }].slice(-MAX_LOG) };
}

function short(text: string): string {
  return plainLine(text, MAX_TEXT);
}
