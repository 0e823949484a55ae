import { isDue } from '../../shared/early-stopping.js';
import { TandemError } from '../../shared/errors.js';
import { catchesUp } from '../run/attendance.js';
import { fail } from '../run/failure.js';
import { causesOf, withLost } from '../run/lost-clients.js';
import { decide, evaluationOver } from '../run/after-evaluation.js';
import { agreedCounts, areSame } from './row-counts.js';
import { arrive, beginBatches, everyone, isEvaluating, ready, rowsOfBatch, withDeadline } from './joint-members.js';
import { beginPredicting, endOrPredict, endPredicting, goOnPredicting } from './joint-predicting.js';
import { activeOf, type JointEffect, type JointInput, type JointState } from './joint-state.js';

type Effects = readonly JointEffect[];

/** A run fails after so many deadlines in a row at which it could not go on. */
const MOST_SILENCES = 10;

/**
 * Decides the course of a vertical run, in which all parties take every step together: when a step is complete, which parties are replaced by zeros, when
 * bottoms are collected, when to evaluate and to end. Changes the state by an event, and returns the effects to perform.
 */
export function advanceJoint(state: JointState, input: JointInput): Effects {
  if (state.phase === 'finished') return afterTheEnd(state, input);
  switch (input.kind) {
    case 'matching':
      return withDeadline(state, []);
    case 'joined':
      return join(state, input);
    case 'left':
      return leave(state, input);
    case 'step-arrived':
      return stepArrived(state, input.client);
    case 'step-applied':
      return stepApplied(state, input.samples);
    case 'step-undone':
      state.current = null;
      state.placed--;
      input.clients.forEach((party) => arrive(state, party));
      return goOn(state);
    case 'bottom-uploaded':
      if (catchesUp(state, input.client)) return [{ kind: 'caught-up' }];
      arrive(state, input.client);
      return goOn(state);
    case 'merged':
      state.round++;
      return beginRound(state);
    case 'queried':
      return queried(state, input.client, input.batch);
    case 'predicted':
      state.current = null;
      state.batches++;
      return withDeadline(state, goOn(state));
    case 'evaluated': {
      const back = catchesUp(state, input.client);
      Object.assign(state.members.get(input.client) ?? {}, { done: true });
      return [...withBack(back), ...goOn(state)];
    }
    case 'scored':
      return decide<JointEffect>(
        state,
        input,
        isDone(state),
        () => beginRound(state),
        () => endOrPredict(state),
      );
    case 'recalled':
      return beginPredicting(state);
    case 'failed':
      return fail(state, input.error);
    case 'resumed':
      return withDeadline(state, goOn(state));
    case 'deadline-passed':
      return passDeadline(state);
  }
}

/** All steps of the run. */
export function plannedJoint({ settings, rows }: JointState): number {
  return Math.min(settings.steps, settings.epochs * Math.ceil(rows / settings.batch));
}

/** How many rows a step has; the last one of an epoch may have fewer. */
export function rowsOfStep({ settings: { batch }, rows }: JointState, step: number): number {
  const perEpoch = Math.ceil(rows / batch);
  return Math.min(batch, rows - ((step - 1) % perEpoch) * batch);
}

/** Why a run that has finished did not go on. */
export function stoppedBy(state: JointState): 'patience' | 'steps' | 'epochs' {
  if (!isDone(state)) return 'patience';
  return state.steps >= state.settings.steps ? 'steps' : 'epochs';
}

function isDone(state: JointState): boolean {
  return state.steps >= plannedJoint(state) || state.settings.isStopped?.() === true;
}

function join(state: JointState, { client, ...has }: JointInput & { kind: 'joined' }): Effects {
  const { members, settings, phase, round } = state;
  const { samples, testSamples, toPredict = 0 } = has;
  members.set(client, { client, samples, testSamples, toPredict, present: true, lagging: false, done: false });
  if (phase === 'gathering') {
    state.silences = 0;
    return ready(state).length === settings.parties ? agree(state) : [];
  }
  return phase === 'evaluating' ? [{ kind: 'evaluate', round, client }] : bringBack(state, client);
}

/** Begins once all parties have the same numbers of rows. Where they differ, the majority is right, or else the active party. */
function agree(state: JointState): Effects {
  const members = ready(state).flatMap((party) => state.members.get(party) ?? []);
  const rows = agreedCounts(members);
  const others = members.filter((member) => !areSame(member, rows));
  if (others.length > 0) return others.map((own) => ({ kind: 'turn-away', client: own.client, own, run: rows }));
  Object.assign(state, { rows: rows.samples, testRows: rows.testSamples, toPredict: rows.toPredict });
  return beginRound(state);
}

function beginRound(state: JointState): Effects {
  const { settings, round, rows, steps } = state;
  const { roundSteps, batch, earlyStopping } = settings;
  const due = earlyStopping !== undefined && isDue(earlyStopping, state.earlyStopping, round);
  if (isDone(state) || due) return beginEvaluation(state);
  const roundEnd = Math.min(plannedJoint(state), steps + (roundSteps ?? Math.ceil(rows / batch)));
  Object.assign(state, { phase: 'training', roundEnd, arrived: [], current: null });
  const train = { kind: 'train', round, step: steps + 1, steps: roundEnd - steps, clients: ready(state) } as const;
  return withDeadline(state, [train]);
}

function stepArrived(state: JointState, client: number): Effects {
  if (catchesUp(state, client))
    return [{ kind: 'caught-up' }, { kind: 'release', client, round: state.round }, ...bringBack(state, client)];
  arrive(state, client);
  return goOn(state);
}

/** Lets a party take part again, from the next step that has not begun. */
function bringBack(state: JointState, client: number): Effects {
  const { round, roundEnd, current } = state;
  const step = state.steps + 1 + Number(current !== null);
  const steps = roundEnd - step + 1;
  if (state.phase !== 'training' || steps <= 0) return [];
  return [{ kind: 'train', round, step, steps, clients: [client] }];
}

function stepApplied(state: JointState, samples: number): Effects {
  state.steps++;
  state.samples += samples;
  state.current = null;
  if (state.steps >= state.roundEnd) state.phase = 'collecting';
  return withDeadline(state, goOn(state));
}

function queried(state: JointState, client: number, batch: number): Effects {
  if (batch < state.batches || (batch === state.batches && state.current !== null))
    return [{ kind: 'pass-over', client, batch }];
  const back = catchesUp(state, client);
  arrive(state, client);
  return [...withBack(back), ...goOn(state)];
}

function leave(state: JointState, { client, loss }: JointInput & { kind: 'left' }): Effects {
  const { members, phase, steps, owed } = state;
  const member = members.get(client);
  if (phase === 'gathering') {
    if (steps === 0) members.delete(client);
    else if (member) member.present = false;
    return [];
  }
  if (member?.present) state.lost = withLost(state.lost, loss);
  Object.assign(member ?? {}, { present: false, lagging: false });
  if (client === activeOf(state.settings)) state.owed = null;
  // A half-done step from before a crash is repeated with the parts of the same parties.
  if (!state.owed?.includes(client)) state.arrived = state.arrived.filter((other) => other !== client);
  if (owed && !state.owed) state.arrived = state.arrived.filter((other) => members.get(other)?.present);
  const isTrained = phase === 'recalling' || phase === 'predicting';
  if (isTrained || [...members.values()].some(({ present }) => present)) return goOn(state);
  const what = `all parties left or fell silent after ${steps} steps`;
  return fail(state, new TandemError('NO_CLIENTS', what + causesOf(state.lost)));
}

/** Goes on with whatever is complete: a step, the exchange of bottoms, a batch of test rows, the run. */
function goOn(state: JointState): Effects {
  const { arrived, current, owed, phase, round, settings } = state;
  if (current) return [];
  switch (phase) {
    case 'training': {
      if (owed ? !owed.every((party) => arrived.includes(party)) : !isComplete(state)) return [];
      const clients = owed ?? arrived;
      const later = arrived.filter((party) => !clients.includes(party));
      Object.assign(state, { current: clients, arrived: later, owed: null });
      state.placed++;
      return [{ kind: 'apply', step: state.steps + 1, clients }];
    }
    case 'collecting': {
      const wanted = settings.missing === 'wait' ? everyone(state) : ready(state);
      if (!wanted.every((party) => arrived.includes(party))) return [];
      Object.assign(state, { phase: 'merging', arrived: [] });
      return [{ kind: 'merge', round, clients: arrived }];
    }
    case 'evaluating': {
      if (rowsOfBatch(state, state.batches) === 0)
        return isEvaluating(state) ? [] : evaluationOver(state, () => endOrPredict(state));
      if (!isComplete(state)) return [];
      Object.assign(state, { current: arrived, arrived: [] });
      return [{ kind: 'predict', batch: state.batches, clients: arrived }];
    }
    case 'predicting':
      return goOnPredicting(state);
    default:
      return [];
  }
}

/** Whether all needed parts have arrived: those of all parties, or with zeros for missing ones, of those present; the active party's always. */
function isComplete(state: JointState): boolean {
  const { settings, arrived } = state;
  const wanted = settings.missing === 'wait' ? everyone(state) : ready(state);
  const passive = arrived.some((party) => party !== activeOf(settings));
  return passive && arrived.includes(activeOf(settings)) && wanted.every((party) => arrived.includes(party));
}

function beginEvaluation(state: JointState): Effects {
  beginBatches(state, 'evaluating');
  if (state.testRows === 0) return evaluationOver(state, () => endOrPredict(state));
  return withDeadline(state, [{ kind: 'begin-evaluation', round: state.round, clients: ready(state) }]);
}

/** Silent parties count as missing from now on, unless the run cannot go on without them. */
function passDeadline(state: JointState): Effects {
  const { arrived, current, members, phase, settings } = state;
  if (phase === 'recalling') return withDeadline(state, []);
  if (phase === 'predicting') return current ? withDeadline(state, []) : endPredicting(state);
  const active = activeOf(settings);
  const isEnding = phase === 'evaluating' && rowsOfBatch(state, state.batches) === 0;
  const heard = isEnding ? [...members.values()].filter(({ done }) => done).map(({ client }) => client) : arrived;
  const needsPassive = (phase === 'training' || phase === 'evaluating') && !isEnding;
  const enough = heard.includes(active) && (!needsPassive || heard.some((party) => party !== active));
  if (current || !enough) return bearSilence(state);
  for (const party of ready(state))
    if (party !== active && !heard.includes(party)) Object.assign(members.get(party) ?? {}, { lagging: true });
  return withDeadline(state, goOn(state));
}

/** The run cannot go on without a silent party: waits, but not for ever. */
function bearSilence(state: JointState): Effects {
  const { deadline = 0 } = state.settings;
  const silences = state.silences + 1;
  if (silences < MOST_SILENCES) return withDeadline(state, [], silences);
  const what = `${needed(state)} did not come within ${silences} deadlines of ${deadline} s${causesOf(state.lost)}`;
  return fail(state, new TandemError('NO_CLIENTS', what));
}

function needed({ phase, steps, current, arrived, settings }: JointState): string {
  if (phase === 'gathering') return 'what some party owes to the matching of rows';
  const isActive = current !== null || !arrived.includes(activeOf(settings));
  return `${isActive ? "the active party's part" : 'the part of any passive party'} of what comes after ${steps} steps`;
}

function withBack(isBack: boolean): Effects {
  return isBack ? [{ kind: 'caught-up' }] : [];
}

/** After the end only a step under way counts, and a failure. */
function afterTheEnd(state: JointState, input: JointInput): Effects {
  if (input.kind === 'failed' && !state.failure) return fail(state, input.error);
  if (input.kind === 'step-applied' || input.kind === 'step-undone' || input.kind === 'predicted') state.current = null;
  return [];
}
