import { createRng } from '../../shared/rng.js';
import type { CodecContext } from '../../shared/wire/codec.js';

/** Shapes and values that codecs meet, odd ones among them; all finite. */
export interface Sample {
  readonly what: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const TINY = 2 ** -149;
const HUGE = 3.4028234663852886e38;

export function samples(seed: number): Sample[] {
  const rng = createRng('wire', seed);
  const made = (what: string, shape: readonly number[], value: (i: number) => number): Sample => {
    const count = shape.reduce((product, length) => product * length, 1);
    return { what, shape, values: Float32Array.from({ length: count }, (_, i) => value(i)) };
  };
  return [
    made('normal numbers', [7, 30], () => rng.normal()),
    made('what a ReLU lets pass', [5, 6, 6, 3], () => Math.max(0, rng.normal())),
    made('sparse gradients', [9, 41], () => (rng.int(10) === 0 ? 1e-6 * rng.normal() : 0)),
    made('far from zero', [4, 10], () => 1e4 + rng.float()),
    made('rows of other sizes', [6, 17], (i) => rng.normal() * 10 ** (3 * Math.floor(i / 17) - 9)),
    made('negative only', [3, 9], () => -1 - rng.float()),
    made('zeros', [4, 8], () => 0),
    made('negative zeros', [2, 3], () => -0),
    made('one value', [1, 1], () => 0.3),
    made('one column', [33, 1], () => rng.normal()),
    made('one row', [1, 257], () => rng.normal()),
    made('a vector', [13], () => rng.normal()),
    made('a scalar', [], () => -2.5),
    made('denormals', [3, 11], () => TINY * rng.int(1000)),
    made('the largest there are', [2, 5], (i) => (i % 2 ? HUGE : -HUGE)),
    made('huge and tiny', [2, 7], (i) => (i % 3 ? 1e-30 : 1e30)),
  ];
}

export function contextOf({ shape }: Sample, more: Partial<CodecContext> = {}): CodecContext {
  return { shape, seed: 71, fixedSeed: 73, learns: true, samples: null, ...more };
}

/** Numbers of the samples that its rows are. */
export function samplesOf({ shape }: Sample): Int32Array {
  return Int32Array.from({ length: shape.length > 1 ? (shape[0] ?? 0) : 1 }, (_, row) => 300 - 7 * row);
}
