import type { Message } from '../protocol/messages.js';

/** How the tensors of a session are coded, as `welcome` says: names of codecs, null for float32 as it is. */
export interface WireTerms {
  readonly up: string | null;
  readonly down: string | null;
  readonly weights: string | null;
  /** Of the run, and the client's place in it: what random numbers come from. */
  readonly seed: number;
  readonly client: number;
}

/** Undefined where nothing is coded. */
export function termsOf(welcome: Message<'welcome'>): WireTerms | undefined {
  const { codecUp: up = null, codecDown: down = null, codecWeights: weights = null, seed, client } = welcome;
  if (!welcome.capabilities.includes('codecs') || (up ?? down ?? weights) === null) return undefined;
  return { up, down, weights, seed, client };
}
