import type { EarlyStopping, EarlyStoppingRule } from '../../shared/early-stopping.js';
import type { TandemError } from '../../shared/errors.js';
import type { Departure, LostClient, RunEvent, RunSummary } from '../../shared/events.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import type { PartPlan, PartyPlace } from '../../shared/run-card.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Intakes, Listener, ClientSession } from '../session/client-session.js';
import type { Sessions } from '../session/sessions.js';
import type { SessionRules } from '../session/session-state.js';
import type { BottomContents } from './bottoms.js';
import type { Evaluations } from './evaluations.js';
import type { Failure } from './failure.js';
import type { Lanes } from '../lane/lanes.js';
import type { OrderLog } from './order-log.js';
import type { Places } from './places.js';
import type { Stopwatch } from './stopwatch.js';

/** Somebody who has a place in a run. */
export interface CourseMember {
  readonly client: number;
  readonly samples: number;
  readonly testSamples: number;
  present: boolean;
  /** Whether others have gone on without it; the next thing it sends brings it back. */
  lagging: boolean;
}

/** What the state of every run has, whether its clients have rows or features of their own. It changes in place. */
export interface CourseState {
  readonly settings: { readonly earlyStopping?: EarlyStoppingRule | undefined; readonly deadline: number | undefined };
  phase: 'gathering' | 'training' | 'collecting' | 'merging' | 'evaluating' | 'scoring' | 'finished';
  /** Why it has failed; null of one that is under way, or has ended well. */
  failure: Failure | null;
  readonly members: Map<number, CourseMember>;
  round: number;
  /** How many steps lanes were given so far. */
  placed: number;
  steps: number;
  samples: number;
  /** What evaluations have shown so far. */
  earlyStopping: EarlyStopping;
  /** Clients that the run has lost for an error. */
  lost: readonly LostClient[];
}

/** What the host of a run tells its course. */
export type CourseInput =
  | { readonly kind: 'joined'; readonly client: number; readonly samples: number; readonly testSamples: number }
  /** With a loss where it did not leave on purpose. */
  | { readonly kind: 'left'; readonly client: number; readonly loss?: LostClient | undefined }
  | { readonly kind: 'merged' }
  /** What an evaluation came to, in the value that is monitored; null when there is none. `better` where clients have judged the model themselves. */
  | { readonly kind: 'scored'; readonly value: number | null; readonly better?: boolean | undefined }
  /** Something on this side broke down. */
  | { readonly kind: 'failed'; readonly error: TandemError }
  /** The run goes on from a snapshot. */
  | { readonly kind: 'resumed' }
  /** The time that `set-deadline` asked for is over. Time itself is not known here. */
  | { readonly kind: 'deadline-passed' };

/** What a course asks of its host. */
export type CourseEffect =
  /** Ask for `deadline-passed` in as many seconds, instead of what was asked for before. */
  | { readonly kind: 'set-deadline'; readonly seconds: number }
  /** A client that others had gone on without is one of them again. When that was cannot be computed again. */
  | { readonly kind: 'caught-up' }
  /** Tell a client whose step waits for a reply that its turn has gone on without it. */
  | { readonly kind: 'release'; readonly client: number; readonly round: number }
  /** The round is over: make one of what was uploaded; none when all clients of the turn have left. */
  | { readonly kind: 'merge'; readonly round: number; readonly clients: readonly number[] }
  /** Add up an evaluation that decides how the run goes on. */
  | { readonly kind: 'score'; readonly round: number }
  /** The model as it is now is the best so far. */
  | { readonly kind: 'keep-model'; readonly round: number }
  | { readonly kind: 'finish'; readonly error: TandemError | null };

/** What any input or effect of a course is known by. */
export interface OfKind {
  readonly kind: string;
}

/** The segments that a run ends with, in the order in which they make the undivided model. */
export interface TrainedSegments {
  readonly specs: readonly SegmentSpec[];
  readonly weights: readonly (readonly NdArray[])[];
  /** Where clients could choose between bottoms. */
  readonly held?: Pick<BottomContents, 'further' | 'samples'>;
}

/** What a checkpoint has of a course. */
export interface CourseSnapshot {
  readonly run: Pick<CourseState, 'phase' | 'failure' | 'placed'>;
}

/**
 * What differs between runs: of clients with rows of their own, and of parties with features of their own. A course has a pure part, which is told
 * what has happened and returns what follows, and the lanes and segments on which that is done. Its host does the rest.
 */
export interface Course {
  readonly state: CourseState;
  readonly lanes: Lanes;
  readonly evaluations: Evaluations;
  /** Where a lane takes steps as they arrive and the run is written down. */
  readonly order?: OrderLog | undefined;
  /** The largest message a client has reason to send, and one that only asks for predictions. */
  readonly maxMessageBytes: number;
  readonly maxQueryBytes?: number;
  /** What is expected of somebody who has not said yet what it comes for. */
  readonly rules: Pick<SessionRules, 'contract'> & Partial<SessionRules>;
  /** What a client's part takes; null where each client's is another one. */
  readonly plan: PartPlan | null;
  /** Of a vertical run, what each party's part takes, where rows are in order. */
  readonly parties?: readonly PartyPlace[] | undefined;
  /** Steps of the whole run as far as is known. */
  readonly planned: number;
  /** Why a run that has finished did not go on. */
  readonly stopped: RunSummary['stopped'];
  /** Where what a client says waits for its lane; null of somebody without a place. */
  intakesOf(client: number | null): Intakes;
  advance(input: CourseInput): readonly OfKind[];
  perform(effect: OfKind): void;
  /** Finds a place for who says hello. Returns what it is given. Throws where there is none. */
  place(session: ClientSession, hello: Message<'hello'>): { readonly model: Message<'model'>; readonly rules: SessionRules };
  admitted(session: ClientSession): void;
  /** A client of a checkpoint has its place again, and is expected back. */
  back?(session: ClientSession): void;
  /** Throws what is wrong with what a client says it has. */
  checkReady(client: number, message: Message<'ready'>): void;
  heard: Listener['heard'];
  /** A client has left before the run began. */
  forget(client: number): void;
  /** A client is gone, and the course knows. */
  left(session: ClientSession, client: number, why: Departure): void;
  /** Makes one of what was uploaded, while no lane works. Returns whose uploads were of no use. */
  merge(): Promise<readonly number[]>;
  /** Called while no lane works; what is quick to read is read at once. */
  snapshot(): Promise<CourseSnapshot>;
  /** A checkpoint with this is written. */
  written?(snapshot: CourseSnapshot): void;
  /** Goes on from there; `replay` has whose steps come next where that was decided. */
  restore(snapshot: CourseSnapshot, replay: readonly number[]): Promise<void>;
  trained(): Promise<TrainedSegments>;
  dispose(): void;
}

/** What a course works with: the host of its run. */
export interface CourseHost {
  readonly id: string;
  readonly run: CourseState;
  readonly places: Places;
  readonly sessions: Sessions;
  readonly training: Stopwatch;
  perform(effect: CourseEffect): void;
  emit(event: RunEvent): void;
  failed(error: TandemError): void;
}
