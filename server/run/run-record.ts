import { ActiveTurn, type ActiveTurnRecord } from './active-turn.js';
import { initialRun, type CourseSettings, type Member, type RunState } from './run-state.js';

/** The course of a run as plain data, without its settings. */
export interface RunRecord extends Pick<
  RunState,
  'phase' | 'failure' | 'round' | 'turns' | 'placed' | 'steps' | 'samples' | 'lost'
> {
  /** `RunState.earlyStopping`, under the name that it has in checkpoints. */
  readonly watch: RunState['earlyStopping'];
  readonly members: readonly Member[];
  readonly turn: ActiveTurnRecord | null;
  /** Nothing in what was written before there were pools. */
  readonly unsent?: number;
  readonly evaluating: readonly number[];
  readonly heard: readonly (readonly [number, number])[];
}

/** The course as it is now. Steps that lanes have and have not done are yet to come in it. */
export function recordRun(state: RunState): RunRecord {
  const { phase, failure, round, turns, steps, samples, earlyStopping, lost, unsent } = state;
  const begun = [...state.busy.values()];
  const placed = state.placed - begun.length;
  return {
    phase,
    failure,
    round,
    turns: [...turns],
    placed,
    steps,
    samples,
    watch: earlyStopping,
    lost,
    unsent,
    members: [...state.members.values()].map((member) => ({ ...member })),
    turn: state.turn?.record(begun) ?? null,
    evaluating: [...state.evaluating],
    heard: [...state.heard],
  };
}

/** Goes on from a record; `replay` has whose steps come next where that was decided. */
export function restoreRun(settings: CourseSettings, record: RunRecord, replay: readonly number[] = []): RunState {
  const { members, turn, evaluating, heard, turns, watch, ...rest } = record;
  return {
    ...initialRun(settings),
    ...rest,
    earlyStopping: watch,
    turns: [...turns],
    members: new Map(members.map((member) => [member.client, { ...member }])),
    turn: turn && ActiveTurn.restore(settings, turn),
    evaluating: new Set(evaluating),
    heard: new Map(heard),
    // Who has left sends nothing again.
    replay: replay.filter((client) => members.some((member) => member.client === client && member.present)),
  };
}
