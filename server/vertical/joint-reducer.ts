import { TandemError } from '../../shared/errors.js';
import { causesOf, withLost } from '../run/lost-clients.js';
import {
  activeOf,
  type JointEffect,
  type JointInput,
  type JointMember,
  type JointSettings,
  type JointState,
} from './joint-state.js';

type Step = readonly [JointState, readonly JointEffect[]];

/** Deadlines in a row at which nothing can be done, after which a run ends. */
const MOST_SILENCES = 10;

/**
 * The course of a vertical run as a pure function of events: all parties take every step together. It decides when a step
 * is complete, which parties are replaced by zeros, when bottoms are collected, when to evaluate and when it is over.
 */
export function initialJoint(settings: JointSettings): JointState {
  return {
    settings,
    phase: 'gathering',
    members: [],
    samples: 0,
    testSamples: 0,
    round: 0,
    step: 0,
    roundEnd: 0,
    seen: 0,
    batches: 0,
    arrived: [],
    busy: false,
    silences: 0,
    lost: [],
  };
}

export function reduceJoint(state: JointState, input: JointInput): Step {
  if (state.phase === 'finished') return [state, []];
  switch (input.kind) {
    case 'matching':
      return withDeadline([state, []]);
    case 'joined':
      return join(state, input);
    case 'left':
      return leave(state, input);
    case 'step-arrived':
      return stepArrived(state, input.party);
    case 'step-applied':
      return stepApplied(state, input.samples);
    case 'step-undone':
      return goOn(input.parties.reduce(arrive, { ...state, busy: false }));
    case 'bottom-uploaded':
      return isLagging(state, input.party) ? [caughtUp(state, input.party), []] : goOn(arrive(state, input.party));
    case 'merged':
      return beginRound({ ...state, round: state.round + 1 });
    case 'queried':
      return queried(state, input.party, input.batch);
    case 'predicted':
      return withDeadline(goOn({ ...state, busy: false, batches: state.batches + 1 }));
    case 'evaluated':
      return goOn(change(state, input.party, { done: true, lagging: false }));
    case 'deadline-passed':
      return passDeadline(state);
  }
}

/** All steps of the run. */
export function plannedJoint({ settings, samples }: JointState): number {
  return Math.min(settings.steps, settings.epochs * Math.ceil(samples / settings.batch));
}

/** How many rows a step has; the last one of an epoch may have fewer. */
export function rowsOfStep({ settings: { batch }, samples }: JointState, step: number): number {
  const perEpoch = Math.ceil(samples / batch);
  return Math.min(batch, samples - ((step - 1) % perEpoch) * batch);
}

/** How many rows a batch of test rows has. */
export function rowsOfBatch({ settings: { batch }, testSamples }: JointState, index: number): number {
  return Math.max(0, Math.min(batch, testSamples - index * batch));
}

function join(state: JointState, { party, samples, testSamples }: JointInput & { kind: 'joined' }): Step {
  const member: JointMember = { party, present: true, lagging: false, done: false };
  const members = [...state.members.filter((other) => other.party !== party), member].sort((a, b) => a.party - b.party);
  const next = { ...state, members, samples, testSamples };
  if (state.phase === 'gathering')
    return members.length === state.settings.parties ? beginRound(next) : [{ ...next, silences: 0 }, []];
  if (state.phase === 'evaluating') {
    return [next, [{ kind: 'begin-evaluation', round: state.round, parties: [party] }]];
  }
  return bringBack(next, party);
}

function beginRound(state: JointState): Step {
  const { roundSteps, batch } = state.settings;
  const planned = plannedJoint(state);
  if (state.step >= planned) return beginEvaluation(state);
  const roundEnd = Math.min(planned, state.step + (roundSteps ?? Math.ceil(state.samples / batch)));
  const { round } = state;
  const next: JointState = { ...state, phase: 'training', roundEnd, arrived: [], busy: false };
  const parties = ready(state);
  const train = { kind: 'train', round, step: state.step + 1, steps: roundEnd - state.step, parties } as const;
  return withDeadline([next, [train]]);
}

function stepArrived(state: JointState, party: number): Step {
  if (!isLagging(state, party)) return goOn(arrive(state, party));
  const [next, effects] = bringBack(caughtUp(state, party), party);
  return [next, [{ kind: 'release', party, round: state.round }, ...effects]];
}

/** Lets a party take part again, from the next step that has not begun. */
function bringBack(state: JointState, party: number): Step {
  const { round, roundEnd, busy } = state;
  const step = state.step + 1 + Number(busy);
  const steps = roundEnd - step + 1;
  if (state.phase !== 'training' || steps <= 0) return [state, []];
  return [state, [{ kind: 'train', round, step, steps, parties: [party] }]];
}

function stepApplied(state: JointState, samples: number): Step {
  const step = state.step + 1;
  const done: JointState = { ...state, step, seen: state.seen + samples, busy: false };
  return withDeadline(goOn(step < state.roundEnd ? done : { ...done, phase: 'collecting' }));
}

function queried(state: JointState, party: number, batch: number): Step {
  if (batch < state.batches || (batch === state.batches && state.busy))
    return [state, [{ kind: 'pass-over', party, batch }]];
  return goOn(arrive(caughtUp(state, party), party));
}

function leave(state: JointState, { party, loss }: JointInput & { kind: 'left' }): Step {
  if (state.phase === 'gathering') {
    return [{ ...state, members: state.members.filter((member) => member.party !== party) }, []];
  }
  const gone = change(state, party, { present: false, lagging: false });
  const tookPart = state.members.some((member) => member.party === party && member.present);
  const lost = tookPart ? withLost(state.lost, loss) : state.lost;
  const next = { ...gone, arrived: state.arrived.filter((other) => other !== party), lost };
  if (next.members.some(({ present }) => present)) return goOn(next);
  const what = `all parties left or fell silent after ${state.step} steps`;
  const error = new TandemError('NO_CLIENTS', what + causesOf(lost));
  return [{ ...next, phase: 'finished' }, [{ kind: 'finish', error }]];
}

/** Does what is complete: a step, the exchange of bottoms, a batch of test rows, the run. */
function goOn(state: JointState): Step {
  if (state.busy) return [state, []];
  switch (state.phase) {
    case 'training':
      if (!isComplete(state)) return [state, []];
      return [{ ...state, busy: true, arrived: [] }, [{ kind: 'apply', step: state.step + 1, parties: state.arrived }]];
    case 'collecting': {
      const wanted = state.settings.missing === 'wait' ? everyone(state) : ready(state);
      if (!wanted.every((party) => state.arrived.includes(party))) return [state, []];
      const parties = state.arrived;
      return [{ ...state, phase: 'merging', arrived: [] }, [{ kind: 'merge', round: state.round, parties }]];
    }
    case 'evaluating': {
      if (rowsOfBatch(state, state.batches) === 0) {
        const open = state.members.some(({ present, lagging, done }) => present && !lagging && !done);
        return open ? [state, []] : [{ ...state, phase: 'finished' }, [{ kind: 'finish', error: null }]];
      }
      if (!isComplete(state)) return [state, []];
      return [
        { ...state, busy: true, arrived: [] },
        [{ kind: 'predict', batch: state.batches, parties: state.arrived }],
      ];
    }
    default:
      return [state, []];
  }
}

/** Whether all whose part is needed have sent it: with zeros for the missing, those that are there; the labels always. */
function isComplete(state: JointState): boolean {
  const { settings, arrived } = state;
  const wanted = settings.missing === 'wait' ? everyone(state) : ready(state);
  const passive = arrived.some((party) => party !== activeOf(settings));
  return passive && arrived.includes(activeOf(settings)) && wanted.every((party) => arrived.includes(party));
}

function beginEvaluation(state: JointState): Step {
  const next: JointState = { ...state, phase: 'evaluating', arrived: [], batches: 0, busy: false };
  if (state.testSamples === 0) return [{ ...next, phase: 'finished' }, [{ kind: 'finish', error: null }]];
  return withDeadline([next, [{ kind: 'begin-evaluation', round: state.round, parties: ready(state) }]]);
}

/** Parties that have said nothing count as missing, unless nothing can be done without them. */
function passDeadline(state: JointState): Step {
  const { arrived, busy, phase } = state;
  const active = activeOf(state.settings);
  const ending = phase === 'evaluating' && rowsOfBatch(state, state.batches) === 0;
  const heard = ending ? state.members.filter(({ done }) => done).map(({ party }) => party) : arrived;
  const silent = ready(state).filter((party) => party !== active && !heard.includes(party));
  const needsPassive = (phase === 'training' || phase === 'evaluating') && !ending;
  const enough = heard.includes(active) && (!needsPassive || heard.some((party) => party !== active));
  if (busy || !enough) return bearSilence(state);
  const lagging = (member: JointMember) => member.lagging || silent.includes(member.party);
  const members = state.members.map((member) => ({ ...member, lagging: lagging(member) }));
  return withDeadline(goOn({ ...state, members }));
}

/** Nothing can be done without a party that says nothing, such as the second half of a step. It is not waited for without end. */
function bearSilence(state: JointState): Step {
  const { deadline = 0 } = state.settings;
  const silences = state.silences + 1;
  if (silences < MOST_SILENCES) return withDeadline([{ ...state, silences }, []], silences);
  const what = `${needed(state)} did not come within ${silences} deadlines of ${deadline} s${causesOf(state.lost)}`;
  return [{ ...state, phase: 'finished' }, [{ kind: 'finish', error: new TandemError('NO_CLIENTS', what) }]];
}

function needed({ phase, step, busy, arrived, settings }: JointState): string {
  if (phase === 'gathering') return 'what some party owes to the matching of rows';
  const isActive = busy || !arrived.includes(activeOf(settings));
  return `${isActive ? "the active party's part" : 'the part of any passive party'} of what comes after ${step} steps`;
}

function withDeadline([state, effects]: Step, silences = 0): Step {
  const { deadline } = state.settings;
  if (deadline === undefined || state.phase === 'finished') return [state, effects];
  return [{ ...state, silences }, [...effects, { kind: 'set-deadline', seconds: deadline }]];
}

/** Parties that the others do not go on without. */
function ready({ members }: JointState): number[] {
  return members.filter(({ present, lagging }) => present && !lagging).map(({ party }) => party);
}

function everyone({ settings }: JointState): number[] {
  return Array.from({ length: settings.parties }, (_, party) => party);
}

function arrive(state: JointState, party: number): JointState {
  return state.arrived.includes(party) ? state : { ...state, arrived: [...state.arrived, party] };
}

function isLagging({ members }: JointState, party: number): boolean {
  return members.some((member) => member.party === party && member.lagging);
}

function caughtUp(state: JointState, party: number): JointState {
  return change(state, party, { lagging: false });
}

function change(state: JointState, party: number, values: Partial<JointMember>): JointState {
  const members = state.members.map((member) => (member.party === party ? { ...member, ...values } : member));
  return { ...state, members };
}
