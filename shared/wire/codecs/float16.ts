import { largestOf } from '../../ndarray.js';
import { countOf, type Front } from '../front.js';
import { holdFinite } from '../hold-finite.js';
import { joinPlanes, putPlanes } from '../planes.js';

/** The largest value of a tensor is moved to between 2^14 and 2^15 first, below what a half holds, so that small gradients keep their digits. */
const TOP = 14;
/** Below this, of a value moved so, halves are evenly spaced. */
const SMALLEST_NORMAL = 2 ** -14;
/** Exponents of float32 range from -149 to 127. */
const LARGEST_EXPONENT = 127;
const EXPONENT_BIAS = 150;

/** IEEE halves, to the nearest, of values moved by a power of two. */
export const fp16: Front = {
  encode(values, _context, _state, out) {
    const exponent = exponentOf(values);
    const scale = 2 ** (TOP - exponent);
    const halves = new Uint16Array(values.length);
    const float = new Float32Array(1);
    const word = new Int32Array(float.buffer);
    for (let i = 0; i < values.length; i++) {
      float[0] = (values[i] as number) * scale;
      const bits = word[0] as number;
      const size = Math.abs(float[0]);
      const sign = (bits >>> 16) & 0x8000;
      // Even numbers win ties; a carry goes into the exponent, as it should.
      const rounded = ((bits & 0x7fffffff) - (112 << 23) + 0xfff + ((bits >>> 13) & 1)) >> 13;
      halves[i] = sign | (size < SMALLEST_NORMAL ? Math.round(size * 2 ** 24) : rounded);
    }
    out.put(Uint8Array.of(exponent + EXPONENT_BIAS, (exponent + EXPONENT_BIAS) >> 8), 8);
    putPlanes(halves, out);
    return null;
  },
  decode(context, _state, from) {
    const [low = 0, high = 0] = from.take(2, 8);
    const exponent = Math.min(low + 256 * high, 2 * EXPONENT_BIAS) - EXPONENT_BIAS;
    const scale = 2 ** (exponent - TOP);
    const halves = joinPlanes(countOf(context), from);
    const values = new Float32Array(halves.length);
    for (let i = 0; i < halves.length; i++) values[i] = fromHalf(halves[i] as number) * scale;
    if (exponent >= LARGEST_EXPONENT) holdFinite(values);
    return { values, state: null };
  },
  errorBound: (values) => largestOf([{ data: values }]) * 2 ** -11 + 2 ** -149,
};

function exponentOf(values: Float32Array): number {
  const largest = largestOf([{ data: values }]);
  return largest === 0 ? 0 : Math.floor(Math.log2(largest) + 1e-9);
}

function fromHalf(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return half & 0x8000 ? -size : size;
}
