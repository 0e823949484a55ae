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
  /** The contract of smashed data and labels. */
  readonly contract: Contract;
  /** The specs of top gradients, where clients have the top and a step has two halves; else null. */
  readonly gradients: readonly TensorSpec[] | null;
  /** What a client reports of an evaluation; null where the server measures. */
  readonly report: ReportContract | null;
  /** Whether clients hold the whole model: they report steps instead of sending smashed data. */
  readonly whole: boolean;
  readonly pace: Pace;
  /** Whether there is a pool: clients send smashed data in turns that fill it, and only report the steps of other turns. */
  readonly pool?: boolean;
  /** The most bytes that a message may unpack to; without it, the protocol's own limit holds. */
  readonly mostBytes?: number;
}

/** A client's message for one step: smashed data, or a report that the client has learned by itself. */
export type StepRequest = Message<'smashed'> | Message<'trained'>;

/** Messages that a session passes on to its run. */
export type Heard = StepRequest | Message<'topGradient' | 'bottom' | 'query' | 'evaluated' | 'points' | 'aligned'>;

/** The state of a client's session. */
export interface SessionState {
  readonly phase: 'opening' | 'joining' | 'waiting' | 'training' | 'uploading' | 'evaluating' | 'inferring' | 'closed';
  readonly rules: SessionRules;
  /** The last step applied. */
  readonly last: number;
  /** The step that the lane has not answered yet. */
  readonly pending: StepRequest | null;
  /** Steps after it that have arrived already, as many as the pace allows. */
  readonly queued: readonly StepRequest[];
  /** The middle output of the step under way, until its top gradient has come. */
  readonly output: Message<'middleOutput'> | null;
  /** How many queries wait for their predictions, and how many may. */
  readonly querying: number;
  readonly ahead: number;
  /** What the client claims to have, and how much of it it has used. */
  readonly claims: Claims;
  /** Vertical: whether the evaluation is of rows to predict. */
  readonly predicts?: boolean;
  /** Steps left before the bottom is due. */
  readonly stepsLeft: number;
  /** Whether this turn fills the pool. */
  readonly sends?: boolean;
  readonly round: number;
  /** Whether a `release` is not answered yet: until then, what the client sends of its old turn is ignored. */
  readonly draining: boolean;
}

export type SessionInput =
  | { readonly kind: 'received'; readonly message: Message }
  /** The rules of this client, once its hello has decided them. */
  | { readonly kind: 'contracted'; readonly rules: SessionRules }
  | { readonly kind: 'accepted'; readonly role: 'train' | 'infer' }
  | {
      readonly kind: 'train';
      readonly round: number;
      readonly steps: number;
      readonly withOptimizer: boolean;
      readonly sends?: boolean;
    }
  /** Vertical: the party takes the next joint steps, from `step` on. */
  | { readonly kind: 'joint'; readonly round: number; readonly step: number; readonly steps: number }
  /** The first half of a step is done. */
  | { readonly kind: 'forwarded'; readonly outputs: readonly NdArray[] }
  | { readonly kind: 'applied'; readonly loss: number; readonly cutGradient: readonly NdArray[] }
  /** The turn has gone on without the client. */
  | { readonly kind: 'release'; readonly round: number }
  | { readonly kind: 'evaluate'; readonly round: number; readonly ahead: number; readonly toPredict?: boolean }
  /** New weights for a client with the role infer, which then sends its query again. */
  | { readonly kind: 'weights'; readonly message: Message<'bottom'> }
  | { readonly kind: 'predicted'; readonly message: Message<'prediction'> }
  /** Without `why` the link was lost. */
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

/** By default the server has the loss, and clients wait for each cut gradient. */
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
