import type { TandemError } from '../../shared/errors.js';
import type { LostClient } from '../../shared/events.js';
import type { Failure } from './failure.js';
import { unwatched, type Watch, type WatchRule } from '../../shared/early-stopping.js';
import type { ActiveTurn } from './active-turn.js';
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
  readonly watch?: WatchRule | undefined;
}

/** All that the course of a run depends on. It changes in place: whoever wants it as it is now makes a record of it. */
export interface RunState {
  readonly settings: CourseSettings;
  phase: 'gathering' | 'training' | 'merging' | 'evaluating' | 'scoring' | 'finished';
  /** Why it has failed; null of one that is under way, or has ended well. */
  failure: Failure | null;
  readonly members: Map<number, Member>;
  round: number;
  /** Turns of this round that have not begun; during an evaluation, what would be next: none when it is the last. */
  turns: Turn[];
  turn: ActiveTurn | null;
  /** The lanes at work, and whose step each has. */
  readonly busy: Map<number, number>;
  /** Clients that owe their lanes the second half of a step. */
  readonly owing: Set<number>;
  /** How many steps lanes were given so far. */
  placed: number;
  /** Whose steps come next, where that was decided and told before a crash. */
  replay: readonly number[];
  steps: number;
  samples: number;
  /** What evaluations have shown so far. */
  watch: Watch;
  /** Clients still evaluating. */
  evaluating: Set<number>;
  /** Clients that have said something since the last deadline, and how many steps or test batches they have come on. */
  readonly heard: Map<number, number>;
  /** How many questions of each client wait for an answer. */
  readonly asking: Map<number, number>;
  /** Clients that the run has lost for an error. */
  lost: readonly LostClient[];
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
    busy: new Map(),
    owing: new Set(),
    placed: 0,
    replay: [],
    steps: 0,
    samples: 0,
    watch: unwatched,
    evaluating: new Set(),
    heard: new Map(),
    asking: new Map(),
    lost: [],
  };
}

/** A place of the run. What was done in it, and what it missed, stays with it whoever holds it. */
export interface Member {
  readonly client: number;
  readonly samples: number;
  readonly testSamples: number;
  done: number;
  /** Steps of its turns that it had its time for and has not done. */
  missed: number;
  present: boolean;
  /** At how many deadlines in a row it was waited for and had hardly come on. */
  slow: number;
  /** Whether its turn has gone on without it; the next thing it sends brings it back, from the next round on. */
  lagging: boolean;
}

/** The number of the lane that takes a client's steps; that of who has no place takes none. */
export function laneOf({ settings }: Pick<RunState, 'settings'>, client: number | null): number {
  if (client === null) return -1;
  return settings.schedule.lanes === 'shared' ? 0 : client;
}

export type RunInput =
  | { readonly kind: 'joined'; readonly client: number; readonly samples: number; readonly testSamples: number }
  /** With a loss where it did not leave on purpose. */
  | { readonly kind: 'left'; readonly client: number; readonly loss?: LostClient | undefined }
  | { readonly kind: 'step-arrived'; readonly client: number }
  /** The lane has done the first half of a step, and the client has its output. */
  | { readonly kind: 'half-done'; readonly client: number }
  /** What the second half needs has come. */
  | { readonly kind: 'gradient-arrived'; readonly client: number }
  | { readonly kind: 'step-applied'; readonly client: number; readonly samples: number }
  /** The lane refused the step; the client is on its way out. */
  | { readonly kind: 'step-refused'; readonly client: number }
  | { readonly kind: 'bottom-uploaded'; readonly client: number }
  | { readonly kind: 'merged' }
  /** A question about so many test samples, and its answer. */
  | { readonly kind: 'queried'; readonly client: number; readonly samples: number }
  | { readonly kind: 'predicted'; readonly client: number }
  | { readonly kind: 'evaluated'; readonly client: number }
  /** What an evaluation came to, in the value that is monitored; null when there is none. `better` where clients have judged the model themselves. */
  | { readonly kind: 'scored'; readonly value: number | null; readonly better?: boolean | undefined }
  /** Something on this side broke down. */
  | { readonly kind: 'failed'; readonly error: TandemError }
  /** The run goes on from a record. */
  | { readonly kind: 'resumed' }
  /** The time that `set-deadline` asked for is over. Time itself is not known here. */
  | { readonly kind: 'deadline-passed' };

export type RunEffect =
  | { readonly kind: 'begin-turn'; readonly round: number; readonly work: readonly { client: number; steps: number }[] }
  | { readonly kind: 'apply'; readonly client: number }
  | { readonly kind: 'second-half'; readonly client: number }
  /** The lane forgets the first half of a client's step. */
  | { readonly kind: 'undo'; readonly client: number }
  /** Ask for `deadline-passed` in as many seconds, instead of what was asked for before. */
  | { readonly kind: 'set-deadline'; readonly seconds: number }
  /** Tell a client whose step waits for a reply that its turn has gone on without it. */
  | { readonly kind: 'release'; readonly client: number; readonly round: number }
  /** Make one bottom of those uploaded; none when all clients of the turn have left. */
  | { readonly kind: 'merge'; readonly round: number; readonly clients: readonly number[] }
  | { readonly kind: 'begin-evaluation'; readonly round: number; readonly clients: readonly number[] }
  /** Add up an evaluation that decides how the run goes on. */
  | { readonly kind: 'score'; readonly round: number }
  /** The model as it is now is the best so far. */
  | { readonly kind: 'keep-model'; readonly round: number }
  | { readonly kind: 'finish'; readonly error: TandemError | null };
