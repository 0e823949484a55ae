export const LARGEST_FLOAT = 3.4028234663852886e38;

/** Rounding may carry a value beyond float32: it becomes the largest float32 of its sign. */
export function clampFinite(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value === Infinity) values[i] = LARGEST_FLOAT;
    else if (value === -Infinity) values[i] = -LARGEST_FLOAT;
  }
}

/** The same for one value, such as a sum or a rotation. */
export function within(value: number): number {
  return Math.min(LARGEST_FLOAT, Math.max(-LARGEST_FLOAT, value));
}
