/** What is looked at of a channel to tell how well a range suits it. */
export interface Sample {
  /** All values that are far out, of which few make most of the error. */
  readonly far: Float64Array;
  /** Of the others one in `apart`. */
  readonly near: Float64Array;
  readonly apart: number;
}

/** How values are rounded, which says what errors are to be expected. */
export interface Rounding {
  readonly levels: number;
  readonly isRandom: boolean;
  /** Which values are looked at, where there are many. */
  readonly seed: number;
}

/** So many values say well enough what those are like that are not far out. */
const MOST_NEAR = 64;
/** Far out is what lies beyond this share of the range of all values. */
const FAR = 0.5;

/** Of the values of a channel, which stand `groups` apart; `low` and `high` are the ends of their range. */
export function lookAt(
  values: Float32Array,
  channel: number,
  groups: number,
  { low, high }: { readonly low: number; readonly high: number },
  seed: number,
): Sample {
  const rows = values.length / groups;
  const apart = Math.max(1, Math.ceil(rows / MOST_NEAR));
  const [far, near] = [new Float64Array(rows), new Float64Array(Math.ceil(rows / apart))];
  const [below, above] = [low * FAR, high * FAR];
  let [farCount, nearCount, next] = [0, 0, (seed >>> 0) % apart];
  for (let row = 0, at = channel; row < rows; row++, at += groups) {
    const value = values[at] as number;
    const isNext = row === next;
    if (isNext) next += apart;
    if (value > above || value < below) far[farCount++] = value;
    else if (isNext) near[nearCount++] = value;
  }
  return { far: far.subarray(0, farCount), near: near.subarray(0, nearCount), apart };
}

/** The squared error of all values: of rounding, and of what lies beyond the last levels. */
export function expectedError({ far, near, apart }: Sample, step: number, zero: number, rounding: Rounding): number {
  return (errorOf(far, step, zero, rounding) + apart * errorOf(near, step, zero, rounding)) * step * step;
}

/** In steps. */
function errorOf(values: Float64Array, step: number, zero: number, { levels, isRandom }: Rounding): number {
  const high = levels - 1 - zero;
  const inverse = 1 / step;
  let sum = 0;
  for (const value of values) {
    const level = value * inverse;
    if (level > high) sum += (level - high) ** 2;
    else if (level < -zero) sum += (level + zero) ** 2;
    else {
      const up = level - Math.floor(level);
      sum += isRandom ? up * (1 - up) : Math.min(up, 1 - up) ** 2;
    }
  }
  return sum;
}
