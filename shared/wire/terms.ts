import type { BatchOrderOptions } from '../data/batch-order.js';
import type { Message } from '../protocol/messages.js';

/** How the tensors of a session are coded, as `welcome` says: names of codecs, null for float32 as it is. */
export interface WireTerms {
  readonly up: string | null;
  readonly down: string | null;
  readonly weights: string | null;
  /** Of the run, and the client's place in it: what random numbers come from. */
  readonly seed: number;
  /** The most samples in a message. */
  readonly batch: number;
  readonly client: number;
  /** The place of whose shuffles the samples follow, where that is not the client's own: parties of a vertical run shuffle alike. */
  readonly shuffle?: number | undefined;
  /** What the order of samples follows from: see shared/data/batch-order.ts. Missing until it is known. */
  readonly order?: BatchOrderOptions;
  /** In a turn in which all samples are sent as they stand: its first step, 0 until that is known. */
  readonly pass?: number | undefined;
}

/** Undefined where nothing is coded. */
export function termsOf(welcome: Message<'welcome'>): WireTerms | undefined {
  const { codecUp: up = null, codecDown: down = null, codecWeights: weights = null, seed, client, batch } = welcome;
  if (!welcome.capabilities.includes('codecs') || (up ?? down ?? weights) === null) return undefined;
  return { up, down, weights, seed, client, batch };
}
