import { largestOf } from '../../ndarray.js';
import { countOf, type Front } from '../front.js';
import { clampFinite } from '../clamp-finite.js';
import { joinPlanes, putPlanes } from '../planes.js';
import { Scratch } from '../scratch.js';

/** The largest value of a tensor is moved to between 2^14 and 2^15 first, below what a half holds, so that small gradients keep their digits. */
const TOP = 14;
/** The bits of 2^-14 as a float32: below this, of a value moved so, halves are evenly spaced. */
const SMALLEST_NORMAL = 113 << 23;
/** Of 0.5 as a float32. */
const BITS_OF_A_HALF = 126 << 23;
/** What exponents of float32 are more than those of halves, as bits of a float32. */
const BIAS_BETWEEN = 112 << 23;
/** Exponents of float32 range from -149 to 127. */
const LARGEST_EXPONENT = 127;
const EXPONENT_BIAS = 150;

const memory = { moved: new Scratch('floats'), coarse: new Scratch('floats'), halves: new Scratch('halves') };

/** IEEE halves, to the nearest, of values moved by a power of two. */
export const fp16: Front = {
  encode(values, _context, _state, out) {
    const exponent = exponentOf(values);
    const halves = toHalves(values, 2 ** (TOP - exponent));
    out.put(Uint8Array.of(exponent + EXPONENT_BIAS, (exponent + EXPONENT_BIAS) >> 8), 8);
    putPlanes(halves, out);
    return null;
  },
  decode(context, _state, from) {
    const [low = 0, high = 0] = from.take(2, 8);
    const exponent = Math.min(low + 256 * high, 2 * EXPONENT_BIAS) - EXPONENT_BIAS;
    const values = fromHalves(joinPlanes(countOf(context), from), 2 ** (exponent - TOP));
    if (exponent >= LARGEST_EXPONENT) clampFinite(values);
    return { values, state: null };
  },
  errorBound: (values) => largestOf([{ data: values }]) * 2 ** -11 + 2 ** -149,
};

function exponentOf(values: Float32Array): number {
  const largest = largestOf([{ data: values }]);
  return largest === 0 ? 0 : Math.floor(Math.log2(largest) + 1e-9);
}

/** Valid until the next time. Whole arrays at a time, so that floats and their bits are two views of the same memory; without a branch, which zeros that come at random would mislead. */
function toHalves(values: Float32Array, scale: number): Uint16Array {
  const { length } = values;
  const moved = memory.moved.of(length);
  for (let i = 0; i < length; i++) moved[i] = (values[i] as number) * scale;
  // Next to 0.5 a float32 is as coarse as the smallest halves, so adding it rounds to them.
  const coarse = memory.coarse.of(length);
  for (let i = 0; i < length; i++) coarse[i] = Math.abs(moved[i] as number) + 0.5;
  const [words, coarseWords] = [moved, coarse].map(({ buffer }) => new Int32Array(buffer)) as [Int32Array, Int32Array];
  const halves = memory.halves.of(length);
  for (let i = 0; i < length; i++) {
    const bits = words[i] as number;
    const size = bits & 0x7fffffff;
    // All bits of it are set where a half is subnormal.
    const isSmall = (size - SMALLEST_NORMAL) >> 31;
    const small = (coarseWords[i] as number) - BITS_OF_A_HALF;
    // Even numbers win ties; a carry goes into the exponent, as it should.
    const normal = (size - BIAS_BETWEEN + 0xfff + ((bits >>> 13) & 1)) >> 13;
    halves[i] = ((bits >>> 16) & 0x8000) | (isSmall & small) | (~isSmall & normal);
  }
  return halves;
}

function fromHalves(halves: Uint16Array, scale: number): Float32Array {
  const words = new Int32Array(halves.length);
  for (let i = 0; i < words.length; i++) {
    const half = halves[i] as number;
    words[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
  }
  // The bits of a half in the place of those of a float32 say a number that is 2^112 times too small, also where it is subnormal.
  const values = new Float32Array(words.buffer);
  const factor = scale * 2 ** 112;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * factor;
  return values;
}
