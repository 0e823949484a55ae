/** Of all values, as a population; values that are all the same deviate by 1, so that they become 0. */
export function meanAndDeviation(values: readonly number[] | Float64Array | Float32Array): {
  readonly mean: number;
  readonly deviation: number;
} {
  const count = Math.max(1, values.length);
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / count;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / count) || 1 };
}

/** Mean and deviation of each place of the last dimension, of which there are `channels`; what is NaN is missing. */
export function channelStatistics(
  values: ArrayLike<number>,
  channels: number,
): { readonly means: readonly number[]; readonly deviations: readonly number[] } {
  const [sums, squares, counts] = [0, 0, 0].map(() => new Float64Array(channels)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const each = (visit: (value: number, channel: number) => void) => {
    for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) visit(values[i] ?? 0, i % channels);
  };
  each((value, channel) => {
    sums[channel] = (sums[channel] ?? 0) + value;
    counts[channel] = (counts[channel] ?? 0) + 1;
  });
  const means = Array.from(sums, (sum, channel) => sum / Math.max(1, counts[channel] ?? 0));
  each((value, channel) => {
    squares[channel] = (squares[channel] ?? 0) + (value - (means[channel] ?? 0)) ** 2;
  });
  return { means, deviations: Array.from(squares, (sum, c) => Math.sqrt(sum / Math.max(1, counts[c] ?? 0)) || 1) };
}
