import type { EarlyStopping, EarlyStoppingRule } from '../../shared/early-stopping.js';
import type { TandemError } from '../../shared/errors.js';
import type { Departure, LostClient, RunEvent, RunSummary } from '../../shared/events.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import type { PartPlan, PartyPlace } from '../../shared/run-card.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { ClientSession, Listener } from '../session/client-session.js';
import type { Intakes } from '../session/intakes.js';
import type { SessionLinks } from '../session/session-links.js';
import type { SessionRules } from '../session/session-state.js';
import type { BottomContents } from './bottoms.js';
import type { Evaluations } from './evaluations.js';
import type { Failure } from './failure.js';
import type { Lanes } from '../lane/lanes.js';
import type { OrderLog } from './order-log.js';
import type { Places } from './places.js';
import type { Stopwatch } from './stopwatch.js';

/** A client with a place in a run. */
export interface CourseMember {
  readonly client: number;
  readonly samples: number;
  readonly testSamples: number;
  present: boolean;
  /** Whether its turn has gone on without it; its next message brings it back. */
  lagging: boolean;
}

/** The state that every course has. It changes in place. */
export interface CourseState {
  readonly settings: { readonly earlyStopping?: EarlyStoppingRule | undefined; readonly deadline: number | undefined };
  phase:
    | 'gathering'
    | 'training'
    | 'collecting'
    | 'merging'
    | 'evaluating'
    | 'scoring'
    /** Vertical: back to the model that the run ends with; then rows go through it that no party has alone. */
    | 'recalling'
    | 'predicting'
    | 'finished';
  /** Why the run has failed; null where it has not. */
  failure: Failure | null;
  readonly members: Map<number, CourseMember>;
  round: number;
  /** How many steps lanes were given so far. */
  placed: number;
  steps: number;
  samples: number;
  /** What evaluations have shown so far. */
  earlyStopping: EarlyStopping;
  /** Clients that left with an error. */
  lost: readonly LostClient[];
}

/** Events that the host tells its course. */
export type CourseInput =
  | {
      readonly kind: 'joined';
      readonly client: number;
      readonly samples: number;
      readonly testSamples: number;
      readonly toPredict?: number;
    }
  /** With `loss` where the client did not leave on purpose. */
  | { readonly kind: 'left'; readonly client: number; readonly loss?: LostClient | undefined }
  | { readonly kind: 'merged' }
  /** The monitored value of an evaluation; null when there is none. `better` is set where clients have judged the model themselves. */
  | { readonly kind: 'scored'; readonly value: number | null; readonly better?: boolean | undefined }
  /** Something broke down at the server. */
  | { readonly kind: 'failed'; readonly error: TandemError }
  /** The run goes on from a snapshot. */
  | { readonly kind: 'resumed' }
  /** The time of `set-deadline` is over. A course knows no clock. */
  | { readonly kind: 'deadline-passed' };

/** Effects that a course asks of its host. */
export type CourseEffect =
  /** Send `deadline-passed` in so many seconds; replaces the deadline before. */
  | { readonly kind: 'set-deadline'; readonly seconds: number }
  /** A lagging client is back. A checkpoint follows, since a restart would not repeat when that was. */
  | { readonly kind: 'caught-up' }
  /** Tell a client whose step waits for a reply that its turn has gone on without it. */
  | { readonly kind: 'release'; readonly client: number; readonly round: number }
  /** The turn is over: aggregate what `clients` have uploaded. */
  | { readonly kind: 'merge'; readonly round: number; readonly clients: readonly number[] }
  /** Add up an evaluation that decides how the run goes on. */
  | { readonly kind: 'score'; readonly round: number }
  /** The model as it is now is the best so far. */
  | { readonly kind: 'keep-model'; readonly round: number }
  | { readonly kind: 'finish'; readonly error: TandemError | null };

/** Any input or effect of a course. */
export interface OfKind {
  readonly kind: string;
}

/** The trained segments of a run, in the order of the undivided model. */
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
 * Coordinates a run. There are two kinds: clients with rows of their own, and parties with features of their own. A course has a reducer, which
 * turns events into effects, and the lanes and segments that the effects work on. Its host does what both kinds have in common.
 */
export interface Course {
  readonly state: CourseState;
  readonly lanes: Lanes;
  readonly evaluations: Evaluations;
  /** Where a lane takes steps as they arrive, and there are checkpoints. */
  readonly order?: OrderLog | undefined;
  /** The largest message a client may need to send, and a client that only infers. */
  readonly maxMessageBytes: number;
  readonly maxQueryBytes?: number;
  /** The rules of a session until its hello. */
  readonly rules: Pick<SessionRules, 'contract'> & Partial<SessionRules>;
  /** What taking part costs a client; null where that differs between clients. */
  readonly plan: PartPlan | null;
  /** Vertical: what taking part costs each party, where rows are in order. */
  readonly parties?: readonly PartyPlace[] | undefined;
  /** Steps of the whole run as far as is known. */
  readonly planned: number;
  /** Why a run that has finished did not go on. */
  readonly stopped: RunSummary['stopped'];
  /** The queue in which a client's messages wait for its lane; null for a client without a place. */
  intakesOf(client: number | null): Intakes;
  advance(input: CourseInput): readonly OfKind[];
  perform(effect: OfKind): void;
  /** Finds a place for a client that says hello. Returns the model it gets, and its rules. Throws where there is none. */
  place(
    session: ClientSession,
    hello: Message<'hello'>,
  ): { readonly model: Message<'model'>; readonly rules: SessionRules };
  admitted(session: ClientSession): void;
  /** A client in a checkpoint has its place again, and is expected back. */
  back?(session: ClientSession): void;
  /** Throws where a client's `ready` does not fit the run. */
  checkReady(client: number, message: Message<'ready'>): void;
  heard: Listener['heard'];
  /** A client has left before the run began. */
  forget(client: number): void;
  /** A client is gone, and the reducer has been told. */
  left(session: ClientSession, client: number, why: Departure): void;
  /** Aggregates the uploads, while no lane works. Returns the clients whose uploads were not usable. */
  merge(): Promise<readonly number[]>;
  /** Called while no lane works. Reads what changes at any time before it first waits. */
  snapshot(): Promise<CourseSnapshot>;
  /** A checkpoint with this snapshot was written. */
  written?(snapshot: CourseSnapshot): void;
  /** Goes on from a snapshot; `replay` lists the clients whose steps come next, where that was decided before. */
  restore(snapshot: CourseSnapshot, replay: readonly number[]): Promise<void>;
  trained(): Promise<TrainedSegments>;
  dispose(): void;
}

/** The host of a course. */
export interface CourseHost {
  readonly id: string;
  readonly run: CourseState;
  readonly places: Places;
  readonly links: SessionLinks;
  readonly training: Stopwatch;
  perform(effect: CourseEffect): void;
  emit(event: RunEvent): void;
  failed(error: TandemError): void;
}
