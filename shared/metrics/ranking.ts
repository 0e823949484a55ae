import type { NdArray } from '../ndarray.js';
import { eachPrediction } from './predictions.js';

/** Scores of labels, kept until all are known: the area under the curve is no sum over samples. In any order. */
export type Ranking = readonly RankedBatch[];

export interface RankedBatch {
  readonly positive: Float32Array;
  readonly negative: Float32Array;
}

export function rankingOf(labels: NdArray, outputs: NdArray): Ranking {
  return [marginsOf(labels, outputs)];
}

/** What a batch is ranked by: its logit, or the second of two logits less the first; a label above 0 is positive. */
export function marginsOf(labels: NdArray, outputs: NdArray): RankedBatch {
  const positive: number[] = [];
  const negative: number[] = [];
  eachPrediction(labels, outputs, (label, _predicted, [first = NaN, second]) => {
    (label > 0 ? positive : negative).push(second === undefined ? first : second - first);
  });
  return { positive: Float32Array.from(positive), negative: Float32Array.from(negative) };
}

/**
 * The area under the ROC curve: how likely a positive sample scores higher than a negative one, ties counted as half
 * (Mann and Whitney, 1947). Counted in whole numbers, so it is exact and the order of samples does not matter. Null
 * where a class is missing or a score is NaN.
 */
export function areaUnderCurve(ranking: Ranking): number | null {
  const positive = sorted(ranking.map((batch) => batch.positive));
  const negative = sorted(ranking.map((batch) => batch.negative));
  // NaN sorts last.
  if (positive.length === 0 || negative.length === 0) return null;
  if (Number.isNaN(positive.at(-1)) || Number.isNaN(negative.at(-1))) return null;
  let halves = 0;
  let below = 0;
  let upTo = 0;
  for (const score of positive) {
    while (below < negative.length && (negative[below] as number) < score) below++;
    while (upTo < negative.length && (negative[upTo] as number) <= score) upTo++;
    halves += below + upTo;
  }
  return halves / (2 * positive.length * negative.length);
}

function sorted(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}
