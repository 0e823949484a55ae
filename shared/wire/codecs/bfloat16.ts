import { largestOf } from '../../ndarray.js';
import { countOf, type Front } from '../front.js';
import { joinPlanes, putPlanes } from '../planes.js';
import { Scratch } from '../scratch.js';

/** The largest finite one. */
const LARGEST = 0x7f7f;

const memory = new Scratch('halves');

/** The upper half of a float32, to the nearest: its whole range, in two or three digits. */
export const bf16: Front = {
  encode(values, _context, _state, out) {
    const words = new Int32Array(values.buffer, values.byteOffset, values.length);
    const halves = memory.of(words.length);
    for (let i = 0; i < words.length; i++) {
      const word = words[i] as number;
      const size = word & 0x7fffffff;
      const rounded = (size + 0x7fff + ((size >>> 16) & 1)) >>> 16;
      halves[i] = ((word >>> 16) & 0x8000) | (rounded > LARGEST ? LARGEST : rounded);
    }
    putPlanes(halves, out);
    return null;
  },
  decode(context, _state, from) {
    const halves = joinPlanes(countOf(context), from);
    const words = new Int32Array(halves.length);
    for (let i = 0; i < halves.length; i++) words[i] = (halves[i] as number) << 16;
    return { values: new Float32Array(words.buffer), state: null };
  },
  errorBound: (values) => largestOf([{ data: values }]) * 2 ** -8 + 2 ** -133,
};
