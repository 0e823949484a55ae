import { notEvaluated, type EarlyStoppingRule } from '../../shared/early-stopping.js';
import type { ActiveTurn } from './active-turn.js';
import type { CourseEffect, CourseInput, CourseMember, CourseState } from './course.js';
import type { PlanSettings, Turn } from './plan-round.js';

export interface CourseSettings extends PlanSettings {
  readonly clients: number;
  /** How many steps a client may be ahead of the slowest of its turn, where a shared lane takes steps as they arrive. */
  readonly staleness: number;
  /** Seconds after which silent and slow clients are no longer waited for; without it, all are waited for. */
  readonly deadline: number | undefined;
  /** The share of a turn's clients that it needs to go on at a deadline. */
  readonly quorum: number;
  /** Evaluations during the run and what they decide; without it there is one at the end, which decides nothing. */
  readonly earlyStopping?: EarlyStoppingRule | undefined;
}

/** The state of the run reducer. It changes in place; `snapshotRun` copies it. */
export interface RunState extends CourseState {
  readonly settings: CourseSettings;
  readonly members: Map<number, Member>;
  /** Turns of this round that have not begun; during an evaluation, those after it: none when it is the last. */
  turns: Turn[];
  turn: ActiveTurn | null;
  /** With a pool: rounds since it was last filled. */
  unsent: number;
  /** The lanes at work, and whose step each has. */
  readonly busy: Map<number, number>;
  /** Clients whose lane waits for the second half of their step. */
  readonly owing: Set<number>;
  /** After a crash: the clients whose steps come next, as clients may have been told before it. */
  replay: readonly number[];
  /** Clients still evaluating. */
  evaluating: Set<number>;
  /** Clients heard since the last deadline, with the steps or test batches they have done since. */
  readonly heard: Map<number, number>;
  /** How many queries of each client wait for a prediction. */
  readonly asking: Map<number, number>;
}

/** Before anybody has come. */
export function initialRun(settings: CourseSettings): RunState {
  return {
    settings,
    phase: 'gathering',
    failure: null,
    members: new Map(),
    round: 0,
    turns: [],
    turn: null,
    unsent: 0,
    busy: new Map(),
    owing: new Set(),
    placed: 0,
    replay: [],
    steps: 0,
    samples: 0,
    earlyStopping: notEvaluated,
    evaluating: new Set(),
    heard: new Map(),
    asking: new Map(),
    lost: [],
  };
}

/** A place of the run. Its counts stay when another client takes it over. */
export interface Member extends CourseMember {
  done: number;
  /** Steps of its turns that it did not do in time. */
  missed: number;
  /** How many of the steps it has done filled a pool. */
  sent?: number;
  /** At how many deadlines in a row it was slow. */
  slow: number;
}

/** The number of the lane that takes a client's steps. */
export function laneOf({ settings }: Pick<RunState, 'settings'>, client: number): number {
  return settings.schedule.lanes === 'shared' ? 0 : client;
}

export type RunInput =
  | CourseInput
  | { readonly kind: 'step-arrived'; readonly client: number }
  /** The lane has done the first half of a step, and the client has its output. */
  | { readonly kind: 'half-done'; readonly client: number }
  /** The top gradient has arrived. */
  | { readonly kind: 'gradient-arrived'; readonly client: number }
  | { readonly kind: 'step-applied'; readonly client: number; readonly samples: number }
  /** The lane refused the step; the client's session has ended. */
  | { readonly kind: 'step-refused'; readonly client: number }
  | { readonly kind: 'bottom-uploaded'; readonly client: number }
  /** A query of so many test samples, and its prediction. */
  | { readonly kind: 'queried'; readonly client: number; readonly samples: number }
  | { readonly kind: 'predicted'; readonly client: number }
  | { readonly kind: 'evaluated'; readonly client: number };

export type RunEffect =
  | CourseEffect
  | {
      readonly kind: 'begin-turn';
      readonly round: number;
      readonly work: readonly { client: number; steps: number }[];
      /** Its clients fill the pool. */
      readonly sends?: boolean;
    }
  | { readonly kind: 'apply'; readonly client: number }
  | { readonly kind: 'second-half'; readonly client: number }
  /** The lane forgets the first half of a client's step. */
  | { readonly kind: 'undo'; readonly client: number }
  | { readonly kind: 'begin-evaluation'; readonly round: number; readonly clients: readonly number[] };
