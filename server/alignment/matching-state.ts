import { MAX_IDS } from '../../shared/alignment/limits.js';
import type { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';

/** A stretch of a party's points, as far as it has been blinded. */
export interface Chunk {
  readonly first: number;
  readonly points: Uint8Array;
}

/** The points of one party on their way through all parties. */
export interface SetState {
  /** How many its owner has; null before it said so. */
  readonly total: number | null;
  /** Points its owner has sent. */
  readonly shared: number;
  /** As its owner sent them, which says whose fault it is when two come out the same. */
  readonly own: readonly Uint8Array[];
  /** Points times the parties that have blinded them. */
  readonly blinded: number;
  /** Chunks that `hops` parties have blinded and the next one has not been asked about, by `hops`; the last list is done. */
  readonly waiting: readonly (readonly Chunk[])[];
}

/** What a party was asked and has not answered. */
export type Request =
  | { readonly kind: 'share'; readonly first: number }
  | { readonly kind: 'blind'; readonly owner: number; readonly hops: number; readonly chunk: Chunk }
  | { readonly kind: 'common'; readonly known: number };

/** Whose rows are matched. */
export interface MatchingOptions {
  /** How many parties match their rows, from 2. They are numbered by their place. */
  readonly parties: number;
  readonly samples: 'train' | 'test';
  /** Different in every run. */
  readonly salt: string;
  /** The most points in a message; see shared/alignment/limits.ts. */
  readonly points: number;
  /** The most ids a party may have. */
  readonly maxIds?: number;
}

/**
 * The server's part as a pure function of events: it carries points from party to party until each set has been blinded
 * by all, compares what came out, and tells each party which of its own are common.
 */
export interface MatchingState {
  readonly phase: 'blinding' | 'telling' | 'closed';
  readonly options: Required<MatchingOptions>;
  readonly sets: readonly SetState[];
  readonly asked: readonly (Request | null)[];
  /** Places of the common rows for each party, once they are known. */
  readonly places: readonly Int32Array[];
  readonly digests: readonly (string | null)[];
}

/** What the matching of rows is told. */
export type MatchingInput =
  | { readonly kind: 'begin' }
  | { readonly kind: 'received'; readonly party: number; readonly message: Message }
  | { readonly kind: 'left'; readonly party: number; readonly reason: string }
  /** Another client is there for a party that left before it had sent anything. */
  | { readonly kind: 'came'; readonly party: number };

/** What the matching of rows asks for. */
export type MatchingEffect =
  | { readonly kind: 'send'; readonly party: number; readonly message: Message<'align' | 'points' | 'common'> }
  /** A party broke the protocol; `failed` follows for the others. */
  | { readonly kind: 'refuse'; readonly party: number; readonly error: TandemError }
  /** Points blinded so far and in all, over all parties, once all have said how many they have. */
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  /** All parties hold the same order of this many rows; what each had before. */
  | { readonly kind: 'aligned'; readonly rows: number; readonly sizes: readonly number[] }
  /** It has come to nothing; every party that is left is told. A new alignment may begin. */
  | { readonly kind: 'failed'; readonly error: TandemError };

/** Before any party has sent a point. */
export function initialMatching(options: MatchingOptions): MatchingState {
  const { parties } = options;
  const lists = Array.from({ length: parties + 1 }, () => []);
  return {
    phase: 'blinding',
    options: { maxIds: MAX_IDS, ...options },
    sets: Array.from({ length: parties }, () => ({ total: null, shared: 0, own: [], blinded: 0, waiting: lists })),
    asked: Array.from({ length: parties }, () => null),
    places: [],
    digests: Array.from({ length: parties }, () => null),
  };
}
