import type { Contract } from '../../shared/contract.js';
import type { TandemError } from '../../shared/errors.js';
import type { Departure } from '../../shared/events.js';
import type { ReportContract } from '../../shared/metrics/reported-scores.js';
import type { NdArray, TensorSpec } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { stepByStep, type Pace } from '../../shared/protocol/pace.js';
import { noClaims, type Claims } from './claims.js';

/** What the clients of a run may send. */
export interface SessionRules {
  /** Of smashed data and their labels. */
  readonly contract: Contract;
  /** Of the lane's outputs, where clients have the top and each step two halves; else null. */
  readonly gradients: readonly TensorSpec[] | null;
  /** What a client reports of an evaluation; null where the server measures. */
  readonly report: ReportContract | null;
  /** Whether clients hold the whole model: they report steps instead of sending smashed data. */
  readonly whole: boolean;
  readonly pace: Pace;
  /** Whether the server keeps smashed data: clients send them in turns of their own, and report the steps of the others. */
  readonly pool?: boolean;
  /** The most bytes that a message may unpack to; without it, the protocol's own limit holds. */
  readonly mostBytes?: number;
}

/** What tells the server of a step: smashed data to learn from, or that the client has learned. */
export type StepRequest = Message<'smashed'> | Message<'trained'>;

/** What a client says to its run once it is ready, and while rows are matched by id. */
export type Heard = StepRequest | Message<'topGradient' | 'bottom' | 'query' | 'evaluated' | 'points' | 'aligned'>;

/** All that a client's session depends on. */
export interface SessionState {
  readonly phase: 'opening' | 'joining' | 'waiting' | 'training' | 'uploading' | 'evaluating' | 'inferring' | 'closed';
  readonly rules: SessionRules;
  /** The last step applied. */
  readonly last: number;
  /** The request the lane has not answered yet. */
  readonly pending: StepRequest | null;
  /** Requests after it that have come already, as many as the pace allows. */
  readonly queued: readonly StepRequest[];
  /** The answer to the first half of the step under way, until its second half has come. */
  readonly output: Message<'middleOutput'> | null;
  /** Queries that wait for their predictions, and how many may, so that no client can fill the lane's queue. */
  readonly querying: number;
  readonly ahead: number;
  /** What the client says it has, held against what it sends and asks. */
  readonly claims: Claims;
  /** Steps left before the bottom is due. */
  readonly stepsLeft: number;
  /** Whether this turn fills the pool. */
  readonly sends?: boolean;
  readonly round: number;
  /** Whether a release has not been answered: what the client sent before its answer is left aside. */
  readonly draining: boolean;
}

export type SessionInput =
  | { readonly kind: 'received'; readonly message: Message }
  /** What this client must keep to, where that is known only after its hello. */
  | { readonly kind: 'contracted'; readonly rules: SessionRules }
  | { readonly kind: 'accepted'; readonly role: 'train' | 'infer' }
  | {
      readonly kind: 'train';
      readonly round: number;
      readonly steps: number;
      readonly withOptimizer: boolean;
      readonly sends?: boolean;
    }
  /** Vertical: takes the run's next steps with the others, from `step` on. */
  | { readonly kind: 'joint'; readonly round: number; readonly step: number; readonly steps: number }
  /** The first half of a step is done. */
  | { readonly kind: 'forwarded'; readonly outputs: readonly NdArray[] }
  | { readonly kind: 'applied'; readonly loss: number; readonly cutGradient: readonly NdArray[] }
  /** The turn has gone on without the client. */
  | { readonly kind: 'release'; readonly round: number }
  | { readonly kind: 'evaluate'; readonly round: number; readonly ahead: number }
  /** Weights for a client that only infers; where its query was computed with others, it asks again. */
  | { readonly kind: 'weights'; readonly message: Message<'bottom'> }
  | { readonly kind: 'predicted'; readonly message: Message<'prediction'> }
  /** Without a reason its link was lost. */
  | { readonly kind: 'closed'; readonly why?: Departure };

export type SessionEffect =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'refuse'; readonly error: TandemError }
  | { readonly kind: 'admit'; readonly hello: Message<'hello'> }
  | { readonly kind: 'ready'; readonly message: Message<'ready'> }
  /** A checked message for the run, of so many rows where it has any. */
  | { readonly kind: 'heard'; readonly message: Heard; readonly rows: number }
  | { readonly kind: 'left'; readonly why: Departure };

export type Step = readonly [SessionState, readonly SessionEffect[]];

type SomeRules = Pick<SessionRules, 'contract'> & Partial<SessionRules>;

/** What is left out is as in a run where the server has the loss and clients wait for each cut gradient. */
export function initialSession(rules: SomeRules): SessionState {
  return {
    phase: 'opening',
    rules: { gradients: null, report: null, whole: false, pace: stepByStep, ...rules },
    last: 0,
    pending: null,
    queued: [],
    output: null,
    querying: 0,
    ahead: 1,
    claims: noClaims,
    stepsLeft: 0,
    round: 0,
    draining: false,
  };
}
