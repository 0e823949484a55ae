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
