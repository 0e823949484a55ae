import { int32, type NdArray } from '../ndarray.js';
import { marginsOf } from './ranking.js';

/**
 * Scores counted in bins, positive and negative samples apart, `[2, BINS]`: what may travel where scores beside labels may
 * not. Counts of several clients add up.
 */
export type ScoreBins = NdArray;

/** Bins to a factor e of the score, so about 2 % of it; around 0 a bin is 1 / (PER_E * FINEST) wide. */
const PER_E = 48;
const FINEST = 1024;
/** What is larger counts as this. */
const LARGEST = 1e9;
const OUTERMOST = binAt(LARGEST);

/** All bins, those of negative scores first. */
export const BINS = 2 * OUTERMOST + 1;

/** Counts a batch; a score that is NaN counts nowhere. */
export function scoreBinsOf(labels: NdArray, outputs: NdArray): ScoreBins {
  const bins = int32([2, BINS], new Int32Array(2 * BINS));
  const { positive, negative } = marginsOf(labels, outputs);
  for (const [row, scores] of [positive, negative].entries()) {
    for (const score of scores) {
      const place = row * BINS + OUTERMOST + binAt(Math.max(-LARGEST, Math.min(LARGEST, score)));
      if (!Number.isNaN(score)) bins.data[place] = (bins.data[place] ?? 0) + 1;
    }
  }
  return bins;
}

export function addScoreBins(a: ScoreBins, b: ScoreBins): ScoreBins {
  return int32(
    a.shape,
    a.data.map((count: number, i: number) => count + (b.data[i] ?? 0)),
  );
}

/**
 * The area under the ROC curve as the counts tell it: samples of one bin count as ties. `within` is how far the exact area can
 * be from it, whatever the scores in a bin were. Null where a class is missing.
 */
export function areaOfBins({ data }: ScoreBins): { readonly area: number; readonly within: number } | null {
  let [below, won, tied, positives] = [0, 0, 0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    const [positive, negative] = [data[bin] ?? 0, data[BINS + bin] ?? 0];
    won += positive * below;
    tied += positive * negative;
    below += negative;
    positives += positive;
  }
  const pairs = positives * below;
  return pairs === 0 ? null : { area: (won + tied / 2) / pairs, within: tied / 2 / pairs };
}

/** From -OUTERMOST to OUTERMOST, 0 for a score of 0. */
function binAt(score: number): number {
  return Math.round(PER_E * Math.asinh(FINEST * score));
}
