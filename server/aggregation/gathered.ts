import type { WeightSpec } from '../../shared/model/segment-spec.js';

/** Where in the moving weights of a segment a batch normalisation has its averages, and what is left in them of their start. */
export interface GatheredPlace {
  readonly mean: number;
  readonly variance: number;
  readonly size: number;
  readonly share: number;
}

/** The places of a segment with these weights. */
export function gatheredPlaces(specs: readonly WeightSpec[]): GatheredPlace[] {
  const moving = specs.filter(({ dtype, trainable }) => dtype === 'float32' && !trainable);
  let at = 0;
  const starts = moving.map(({ shape }) => {
    const start = at;
    at += shape.reduce((product, length) => product * length, 1);
    return start;
  });
  return moving.flatMap(({ layer, startShare }, i) => {
    if (!startShare) return [];
    const placeOf = (index: number) => moving.findIndex((spec) => spec.layer === layer && spec.index === index);
    const [mean, variance, share] = [starts[placeOf(startShare.mean)], starts[placeOf(startShare.variance)], starts[i]];
    const size = moving[placeOf(startShare.mean)]?.shape.reduce((product, length) => product * length, 1) ?? 0;
    return mean === undefined || variance === undefined || share === undefined ? [] : [{ mean, variance, size, share }];
  });
}

/** The averages that clients have gathered, without what they began with, so that clients of unlike numbers of steps can be compared. */
export function withoutStarts(moving: Float64Array, places: readonly GatheredPlace[]): Float64Array {
  return changed(
    moving,
    places,
    (mean, share) => mean / (1 - share),
    (variance, share) => (variance - share) / (1 - share),
  );
}

/** The reverse, with the shares that `moving` holds now. */
export function withStarts(moving: Float64Array, places: readonly GatheredPlace[]): Float64Array {
  return changed(
    moving,
    places,
    (mean, share) => mean * (1 - share),
    (variance, share) => variance * (1 - share) + share,
  );
}

type Change = (value: number, share: number) => number;

function changed(
  moving: Float64Array,
  places: readonly GatheredPlace[],
  onMean: Change,
  onVariance: Change,
): Float64Array {
  if (places.length === 0) return moving;
  const result = moving.slice();
  for (const { mean, variance, size, share: at } of places) {
    const share = moving[at] ?? 0;
    // Before the first step there is nothing but the start.
    if (!(share > 0 && share < 1)) continue;
    for (let i = 0; i < size; i++) {
      result[mean + i] = onMean(moving[mean + i] ?? 0, share);
      result[variance + i] = onVariance(moving[variance + i] ?? 0, share);
    }
  }
  return result;
}
