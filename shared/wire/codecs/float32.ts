import { countOf, type Front } from '../front.js';

/** Float32 as it is, for sums such as `topk:8+fp32`. */
export const fp32: Front = {
  encode(values, _context, _state, out) {
    out.put(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 8);
    return null;
  },
  decode(context, _state, from) {
    const bytes = new Uint8Array(from.take(4 * countOf(context), 8));
    return { values: new Float32Array(bytes.buffer), state: null };
  },
  errorBound: () => 0,
};
