import type { MissingRule } from '../../shared/joint-options.js';
import type { TandemError } from '../../shared/errors.js';
import type { LostClient } from '../../shared/events.js';

export interface JointSettings {
  /** How many parties the run has; the last one is active, all others are passive. */
  readonly parties: number;
  readonly batch: number;
  readonly epochs: number;
  readonly steps: number;
  readonly roundSteps: number | undefined;
  readonly missing: MissingRule;
  /** Seconds after which silent parties count as missing; undefined waits without end. */
  readonly deadline: number | undefined;
}

/** All that the course of a vertical run depends on. */
export interface JointState {
  readonly settings: JointSettings;
  readonly phase: 'gathering' | 'training' | 'collecting' | 'merging' | 'evaluating' | 'finished';
  readonly members: readonly JointMember[];
  /** Rows that all parties have. */
  readonly samples: number;
  readonly testSamples: number;
  readonly round: number;
  /** Steps done, and after how many the round ends. */
  readonly step: number;
  readonly roundEnd: number;
  readonly seen: number;
  /** Batches of test rows that are done, while the run evaluates. */
  readonly batches: number;
  /** Parties whose part of the step, or of the batch of test rows, has come; and whose bottom has. */
  readonly arrived: readonly number[];
  /** Whether the lane works on the step or batch now. */
  readonly busy: boolean;
  /** Deadlines in a row at which nothing could be done. */
  readonly silences: number;
  /** Parties that the run has lost for an error. */
  readonly lost: readonly LostClient[];
}

export interface JointMember {
  readonly party: number;
  readonly present: boolean;
  /** Whether the others have gone on without it; the next thing it sends brings it back. */
  readonly lagging: boolean;
  /** Whether it has finished its part of the evaluation. */
  readonly done: boolean;
}

export type JointInput =
  /** A party comes on with the matching of rows, before all are ready. */
  | { readonly kind: 'matching' }
  | { readonly kind: 'joined'; readonly party: number; readonly samples: number; readonly testSamples: number }
  | { readonly kind: 'left'; readonly party: number; readonly loss?: LostClient | undefined }
  | { readonly kind: 'step-arrived'; readonly party: number }
  | { readonly kind: 'step-applied'; readonly samples: number }
  /** The active party left between the halves of the step, which is forgotten; what these parties sent still counts. */
  | { readonly kind: 'step-undone'; readonly parties: readonly number[] }
  | { readonly kind: 'bottom-uploaded'; readonly party: number }
  | { readonly kind: 'merged' }
  | { readonly kind: 'queried'; readonly party: number; readonly batch: number }
  | { readonly kind: 'predicted' }
  | { readonly kind: 'evaluated'; readonly party: number }
  | { readonly kind: 'deadline-passed' };

export type JointEffect =
  /** Take steps together, from `step` to the end of the round. */
  | {
      readonly kind: 'train';
      readonly round: number;
      readonly step: number;
      readonly steps: number;
      readonly parties: readonly number[];
    }
  /** Fuse what these parties have sent, with zeros for all others, and do the step. */
  | { readonly kind: 'apply'; readonly step: number; readonly parties: readonly number[] }
  /** The others have gone on: forget the step under way. */
  | { readonly kind: 'release'; readonly party: number; readonly round: number }
  | { readonly kind: 'set-deadline'; readonly seconds: number }
  | { readonly kind: 'merge'; readonly round: number; readonly parties: readonly number[] }
  | { readonly kind: 'begin-evaluation'; readonly round: number; readonly parties: readonly number[] }
  /** Fuse what these parties have asked about a batch of test rows. */
  | { readonly kind: 'predict'; readonly batch: number; readonly parties: readonly number[] }
  /** Answer a query that comes too late, so that the party goes on. */
  | { readonly kind: 'pass-over'; readonly party: number; readonly batch: number }
  | { readonly kind: 'finish'; readonly error: TandemError | null };

/** The number of the active party. */
export function activeOf({ parties }: Pick<JointSettings, 'parties'>): number {
  return parties - 1;
}

/** What people call the party of a place. */
export function partyName({ settings }: Pick<JointState, 'settings'>, place: number | null): string {
  return place === activeOf(settings) ? "'active'" : String(place ?? -1);
}

/** Whether the run cannot go on without a party: zeros stand for passive ones only, and only once steps are taken. */
export function isNeeded({ settings, phase }: JointState, party: number): boolean {
  return settings.missing === 'wait' || phase === 'gathering' || party === activeOf(settings);
}
