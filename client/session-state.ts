import type { RunNames } from '../shared/data/run-names.js';
import type { TandemError } from '../shared/errors.js';
import type { ReportedScores } from '../shared/metrics/reported-scores.js';
import type { Message } from '../shared/protocol/messages.js';
import type { SegmentRole } from '../shared/protocol/model-definition.js';
import { stepByStep, type Pace } from '../shared/protocol/pace.js';

/** The state of a client's session. */
export interface SessionState {
  readonly phase: 'opening' | 'waiting' | 'training' | 'evaluating' | 'closed';
  readonly hello: Message<'hello'>;
  readonly welcome: Message<'welcome'> | null;
  /** The last step this client has learned from. */
  readonly step: number;
  /** Steps sent and not answered: one, or where clients learn by themselves as many as the window allows. */
  readonly underWay: readonly Message<'smashed' | 'trained'>[];
  /**
   * The uppermost segment here: the bottom alone; the top with the loss, so that a step has two halves; the whole model, which
   * learns by itself; or an auxiliary head, from which the bottom learns without waiting for the server.
   */
  readonly holds: SegmentRole;
  readonly pace: Pace;
  /** The top gradient sent for the step under way. */
  readonly gradient: Message<'topGradient'> | null;
  readonly work: Message<'train'> | null;
  /** Steps of `work` still to do. */
  readonly stepsLeft: number;
  /** Batches of test samples: all, those asked about, those answered; and how many queries may be under way. */
  readonly queries: number;
  /** Vertical: batches of rows to predict, whether `asked` and `answered` are about them, and whether all were answered. */
  readonly toPredict?: number;
  readonly predicts?: boolean;
  readonly predicted?: boolean;
  readonly asked: number;
  readonly answered: number;
  readonly ahead: number;
  readonly round: number;
  /** Loss and metrics of the evaluation so far, where they are computed here. */
  readonly scores: ReportedScores | null;
}

export type SessionInput =
  | { readonly kind: 'opened' }
  | { readonly kind: 'received'; readonly message: Message }
  | {
      readonly kind: 'model-opened';
      readonly samples: number;
      readonly testSamples: number;
      readonly toPredict?: number;
      readonly holds: SegmentRole;
      readonly pace: Pace;
      readonly software?: string | null;
      readonly names?: RunNames;
    }
  /** A step that was done by itself, with the message that reports it. */
  | { readonly kind: 'practised'; readonly message: Message<'smashed' | 'trained'> }
  | { readonly kind: 'smashed'; readonly message: Message<'smashed'> }
  | { readonly kind: 'judged'; readonly message: Message<'topGradient'> }
  | { readonly kind: 'learned' }
  | { readonly kind: 'scored'; readonly scores: ReportedScores }
  | { readonly kind: 'query'; readonly message: Message<'query'> }
  /** What was answered of a batch of rows to predict is kept. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'bottom'; readonly message: Message<'bottom'> };

export type SessionEffect =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'open-model'; readonly payload: Uint8Array }
  /** Vertical: answer one message of the matching of rows. */
  | { readonly kind: 'align'; readonly message: Message<'align' | 'points' | 'common'> }
  | { readonly kind: 'load-bottom'; readonly message: Message<'bottom'> }
  | { readonly kind: 'smash'; readonly step: number }
  | { readonly kind: 'load-ahead'; readonly step: number }
  | { readonly kind: 'judge'; readonly message: Message<'middleOutput'> }
  | { readonly kind: 'learn'; readonly message: Message<'cutGradient'>; readonly samples: number }
  | { readonly kind: 'upload'; readonly round: number; readonly withOptimizer: boolean }
  | { readonly kind: 'query'; readonly batch: number; readonly toPredict?: boolean }
  | { readonly kind: 'score'; readonly message: Message<'prediction'>; readonly first: boolean }
  /** Vertical: what the model says of a batch of rows to predict. */
  | { readonly kind: 'keep'; readonly message: Message<'prediction'> }
  /** No more of them comes. */
  | { readonly kind: 'give-predictions' }
  /** So many batches of test samples are done. */
  | { readonly kind: 'tested'; readonly batches: number }
  | { readonly kind: 'finish'; readonly message: Message<'finished'> }
  | { readonly kind: 'fail'; readonly error: TandemError };

/** What a reducer returns: the state after an event, and what is to be done. */
export type Reduced = readonly [SessionState, readonly SessionEffect[]];

export function initialSession(hello: Message<'hello'>): SessionState {
  return {
    phase: 'opening',
    hello,
    welcome: null,
    step: 0,
    underWay: [],
    holds: 'bottom',
    pace: stepByStep,
    gradient: null,
    work: null,
    stepsLeft: 0,
    queries: 0,
    asked: 0,
    answered: 0,
    ahead: 1,
    round: 0,
    scores: null,
  };
}
