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

/** Mean and deviation of each place of the last dimension, of which there are `channels`. */
export function channelStatistics(
  values: ArrayLike<number>,
  channels: number,
): { readonly means: readonly number[]; readonly deviations: readonly number[] } {
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  const count = Math.max(1, values.length / channels);
  for (let i = 0; i < values.length; i++) sums[i % channels] = (sums[i % channels] ?? 0) + (values[i] ?? 0);
  const means = Array.from(sums, (sum) => sum / count);
  for (let i = 0; i < values.length; i++) {
    const distance = (values[i] ?? 0) - (means[i % channels] ?? 0);
    squares[i % channels] = (squares[i % channels] ?? 0) + distance * distance;
  }
  return { means, deviations: Array.from(squares, (sum) => Math.sqrt(sum / count) || 1) };
}
