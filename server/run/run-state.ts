import { notEvaluated, type EarlyStoppingRule } from '../../shared/early-stopping.js';
import type { ActiveTurn } from './active-turn.js';
import type { CourseEffect, CourseInput, CourseMember, CourseState } from './course.js';
import type { PlanSettings, Turn } from './plan-round.js';

export interface CourseSettings extends PlanSettings {
  readonly clients: number;
  /** Steps a client may be ahead of the slowest of its turn, where a shared lane takes steps as they arrive. */
  readonly staleness: number;
  /** Seconds after which clients that say nothing are no longer waited for; undefined waits without end. */
  readonly deadline: number | undefined;
  /** The share of a turn's clients without which it does not go on at a deadline. */
  readonly quorum: number;
  /** Evaluations during the run and what they decide; without it there is one at the end, which decides nothing. */
  readonly earlyStopping?: EarlyStoppingRule | undefined;
}

/** All that the course of a run depends on. It changes in place: whoever wants it as it is now makes a snapshot of it. */
export interface RunState extends CourseState {
  readonly settings: CourseSettings;
  readonly members: Map<number, Member>;
  /** Turns of this round that have not begun; during an evaluation, what would be next: none when it is the last. */
  turns: Turn[];
  turn: ActiveTurn | null;
  /** Rounds of learning since clients have last filled the pool, where there is one. */
  unsent: number;
  /** The lanes at work, and whose step each has. */
  readonly busy: Map<number, number>;
  /** Clients that owe their lanes the second half of a step. */
  readonly owing: Set<number>;
  /** Whose steps come next, where that was decided and told before a crash. */
  replay: readonly number[];
  /** Clients still evaluating. */
  evaluating: Set<number>;
  /** Clients that have said something since the last deadline, and how many steps or test batches they have come on. */
  readonly heard: Map<number, number>;
  /** How many questions of each client wait for an answer. */
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

/** A place of the run. What was done in it, and what it missed, stays with it whoever holds it. */
export interface Member extends CourseMember {
  done: number;
  /** Steps of its turns that it had its time for and has not done. */
  missed: number;
  /** How many of the steps it has done filled a pool. */
  sent?: number;
  /** At how many deadlines in a row it was waited for and had hardly come on. */
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
  /** What the second half needs has come. */
  | { readonly kind: 'gradient-arrived'; readonly client: number }
  | { readonly kind: 'step-applied'; readonly client: number; readonly samples: number }
  /** The lane refused the step; the client is on its way out. */
  | { readonly kind: 'step-refused'; readonly client: number }
  | { readonly kind: 'bottom-uploaded'; readonly client: number }
  /** A question about so many test samples, and its answer. */
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
