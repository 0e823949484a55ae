import type { PartReader, PartWriter } from './parts.js';
import { joinPlanes, putPlanes } from './planes.js';
import { Scratch } from './scratch.js';

/** How whole numbers from 0 to `levels - 1` stand for the values of each group: value = (level - zero) * step. */
export interface Scales {
  readonly steps: Float64Array;
  readonly zeros: Uint8Array;
}

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);
const memory = new Scratch('halves');
/** The smallest step, below which one over it is infinite. */
export const LEAST_STEP = 2 ** -126;
/** The largest of 16 bits that is finite. */
export const LARGEST_STEP = 255 * 2 ** 120;

export function newScales(groups: number): Scales {
  return { steps: new Float64Array(groups), zeros: new Uint8Array(groups) };
}

/** For ranges that hold 0, which stays 0: what a ReLU has cut off, and gradients of that, cost nothing. */
export function scalesOf(
  least: Float64Array,
  most: Float64Array,
  levels: number,
  { steps, zeros } = newScales(least.length),
): Scales {
  const top = levels - 1;
  for (let i = 0; i < least.length; i++) {
    const low = least[i] as number;
    const high = most[i] as number;
    let zero = high > low ? Math.round((-low / (high - low)) * top) : 0;
    if (low < 0 && zero === 0) zero = 1;
    if (high > 0 && zero === top) zero = top - 1;
    const step = Math.max(zero > 0 ? -low / zero : 0, zero < top ? high / (top - zero) : 0);
    zeros[i] = zero;
    steps[i] = stepAbove(step);
  }
  return { steps, zeros };
}

/** Three bytes a group. */
export function putScales({ steps, zeros }: Scales, out: PartWriter): void {
  const halves = memory.of(steps.length);
  for (let i = 0; i < steps.length; i++) {
    float[0] = steps[i] as number;
    halves[i] = (word[0] as number) >>> 16;
  }
  putPlanes(halves, out);
  out.put(zeros, 8);
}

export function takeScales(groups: number, from: PartReader, steps = new Float64Array(groups)): Scales {
  const halves = joinPlanes(groups, from);
  for (let i = 0; i < groups; i++) {
    word[0] = (halves[i] as number) << 16;
    steps[i] = float[0] as number;
  }
  return { steps, zeros: from.take(groups, 8) };
}

/** The next step of 16 bits that is at least as large. */
function stepAbove(step: number): number {
  if (step <= LEAST_STEP) return LEAST_STEP;
  if (step >= LARGEST_STEP) return LARGEST_STEP;
  float[0] = step;
  // A float32 may be a little below what it was made of.
  word[0] = ((word[0] as number) + (float[0] < step ? 0x10000 : 0xffff)) & ~0xffff;
  return Math.min(float[0], LARGEST_STEP);
}

/** One over a step, and a little less: no value of the range is carried beyond the last level, so that nothing has to be clamped. */
export function inverseOf(step: number): number {
  return (step >= LARGEST_STEP ? 0.99 : 1 - 2 ** -40) / step;
}
