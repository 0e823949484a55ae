import type { WeightSpec } from '../../shared/model/segment-spec.js';

/** Where in a segment's moving weights one batch normalisation has its moving averages, and the share of their start value that is left in them. */
export interface MovingAverages {
  readonly mean: number;
  readonly variance: number;
  readonly size: number;
  readonly share: number;
}

/** Where a segment with these weights has moving averages. */
export function movingAveragesOf(specs: readonly WeightSpec[]): MovingAverages[] {
  const moving = specs.filter(({ dtype, trainable }) => dtype === 'float32' && !trainable);
  let at = 0;
  const starts = moving.map(({ shape }) => {
    const start = at;
    at += shape.reduce((product, length) => product * length, 1);
    return start;
  });
  return moving.flatMap(({ layer, startShare }, i) => {
    if (!startShare) return [];
    const indexOf = (index: number) => moving.findIndex((spec) => spec.layer === layer && spec.index === index);
    const [mean, variance, share] = [starts[indexOf(startShare.mean)], starts[indexOf(startShare.variance)], starts[i]];
    const size = moving[indexOf(startShare.mean)]?.shape.reduce((product, length) => product * length, 1) ?? 0;
    return mean === undefined || variance === undefined || share === undefined ? [] : [{ mean, variance, size, share }];
  });
}

/** Moving averages without the bias of their start value, so that clients with different numbers of steps can be compared. */
export function biasCorrected(moving: Float64Array, averages: readonly MovingAverages[]): Float64Array {
  return changed(
    moving,
    averages,
    (mean, share) => mean / (1 - share),
    (variance, share) => (variance - share) / (1 - share),
  );
}

/** The reverse of `biasCorrected`, with the shares that `moving` holds now. */
export function biasRestored(moving: Float64Array, averages: readonly MovingAverages[]): Float64Array {
  return changed(
    moving,
    averages,
    (mean, share) => mean * (1 - share),
    (variance, share) => variance * (1 - share) + share,
  );
}

type Change = (value: number, share: number) => number;

function changed(
  moving: Float64Array,
  averages: readonly MovingAverages[],
  onMean: Change,
  onVariance: Change,
): Float64Array {
  if (averages.length === 0) return moving;
  const result = moving.slice();
  for (const { mean, variance, size, share: at } of averages) {
    const share = moving[at] ?? 0;
    // Before the first step there is only the start value.
    if (!(share > 0 && share < 1)) continue;
    for (let i = 0; i < size; i++) {
      result[mean + i] = onMean(moving[mean + i] ?? 0, share);
      result[variance + i] = onVariance(moving[variance + i] ?? 0, share);
    }
  }
  return result;
}
