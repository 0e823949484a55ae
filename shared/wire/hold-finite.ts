export const LARGEST_FLOAT = 3.4028234663852886e38;

/** What rounding has carried beyond what a float32 holds, as the largest that it does. */
export function holdFinite(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value === Infinity) values[i] = LARGEST_FLOAT;
    else if (value === -Infinity) values[i] = -LARGEST_FLOAT;
  }
}

/** A sum or a rotation may lie beyond what a float32 holds. */
export function within(value: number): number {
  return Math.min(LARGEST_FLOAT, Math.max(-LARGEST_FLOAT, value));
}
