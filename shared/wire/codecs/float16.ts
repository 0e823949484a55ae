import { largestOf } from '../../ndarray.js';
import { countOf, type Front } from '../front.js';
import { clampFinite } from '../clamp-finite.js';
import { joinPlanes, putPlanes } from '../planes.js';

/** The largest value of a tensor is moved to between 2^14 and 2^15 first, below what a half holds, so that small gradients keep their digits. */
const TOP = 14;
/** The bits of 2^-14 as a float32: below this, of a value moved so, halves are evenly spaced. */
const SMALLEST_NORMAL = 113 << 23;
/** What exponents of float32 are more than those of halves, as bits of a float32. */
const BIAS_BETWEEN = 112 << 23;
/** Exponents of float32 range from -149 to 127. */
const LARGEST_EXPONENT = 127;
const EXPONENT_BIAS = 150;

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

/** Whole arrays at a time, so that floats and their bits are two views of the same memory. */
function toHalves(values: Float32Array, scale: number): Uint16Array {
  const moved = new Float32Array(values.length);
  for (let i = 0; i < moved.length; i++) moved[i] = (values[i] as number) * scale;
  const words = new Int32Array(moved.buffer);
  const halves = new Uint16Array(moved.length);
  for (let i = 0; i < halves.length; i++) {
    const bits = words[i] as number;
    const size = bits & 0x7fffffff;
    // Even numbers win ties; a carry goes into the exponent, as it should.
    const rounded =
      size < SMALLEST_NORMAL
        ? Math.round(Math.abs(moved[i] as number) * 2 ** 24)
        : (size - BIAS_BETWEEN + 0xfff + ((bits >>> 13) & 1)) >> 13;
    halves[i] = ((bits >>> 16) & 0x8000) | rounded;
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
