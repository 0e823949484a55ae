import { ActiveTurn, type ActiveTurnSnapshot } from './active-turn.js';
import { initialRun, type CourseSettings, type Member, type RunState } from './run-state.js';

/** What a checkpoint has of a `RunState`: plain data, without the settings. */
export interface RunStateSnapshot extends Pick<
  RunState,
  'phase' | 'failure' | 'round' | 'turns' | 'placed' | 'steps' | 'samples' | 'lost'
> {
  /** `RunState.earlyStopping`, under the name that it has in checkpoints. */
  readonly watch: RunState['earlyStopping'];
  readonly members: readonly Member[];
  readonly turn: ActiveTurnSnapshot | null;
  /** Nothing in what was written before there were pools. */
  readonly unsent?: number;
  readonly evaluating: readonly number[];
  readonly heard: readonly (readonly [number, number])[];
}

/** The state as it is now, as if the steps that lanes have begun and not done had not arrived yet. */
export function snapshotRun(state: RunState): RunStateSnapshot {
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
    turn: state.turn?.snapshot(begun) ?? null,
    evaluating: [...state.evaluating],
    heard: [...state.heard],
  };
}

/** The state to go on from; `replay` lists whose steps come next where clients may have been told of that order. */
export function restoreRun(
  settings: CourseSettings,
  snapshot: RunStateSnapshot,
  replay: readonly number[] = [],
): RunState {
  const { members, turn, evaluating, heard, turns, watch, ...rest } = snapshot;
  return {
    ...initialRun(settings),
    ...rest,
    earlyStopping: watch,
    turns: [...turns],
    members: new Map(members.map((member) => [member.client, { ...member }])),
    turn: turn && ActiveTurn.restore(settings, turn),
    evaluating: new Set(evaluating),
    heard: new Map(heard),
    // Clients that have left send no step again.
    replay: replay.filter((client) => members.some((member) => member.client === client && member.present)),
  };
}
