import { ActiveTurn, type ActiveTurnRecord } from './active-turn.js';
import { initialRun } from './run-reducer.js';
import type { CourseSettings, Member, RunState } from './run-state.js';

/** The course of a run as plain data, without its settings. */
export interface RunRecord extends Pick<
  RunState,
  'phase' | 'round' | 'turns' | 'placed' | 'steps' | 'samples' | 'watch'
> {
  readonly members: readonly Member[];
  readonly turn: ActiveTurnRecord | null;
  readonly evaluating: readonly number[];
  readonly heard: readonly number[];
}

/** The course as it is now, while no lane has a step. */
export function recordRun(state: RunState): RunRecord {
  const { phase, round, turns, placed, steps, samples, watch } = state;
  return {
    phase,
    round,
    turns: [...turns],
    placed,
    steps,
    samples,
    watch,
    members: [...state.members.values()].map((member) => ({ ...member })),
    turn: state.turn?.record() ?? null,
    evaluating: [...state.evaluating],
    heard: [...state.heard],
  };
}

/** Goes on from a record; `replay` has whose steps come next where that was decided. */
export function restoreRun(settings: CourseSettings, record: RunRecord, replay: readonly number[] = []): RunState {
  const { members, turn, evaluating, heard, turns, ...rest } = record;
  return {
    ...initialRun(settings),
    ...rest,
    turns: [...turns],
    members: new Map(members.map((member) => [member.client, { ...member }])),
    turn: turn && ActiveTurn.restore(settings, turn),
    evaluating: new Set(evaluating),
    heard: new Set(heard),
    replay: [...replay],
  };
}
