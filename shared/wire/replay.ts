import type { Decoded } from './codec.js';
import type { CodecContext, CodecState } from './codec.js';
import type { Front } from './front.js';
import type { PartWriter } from './parts.js';

/** Encodes, and returns what the receiver will make of it too. */
export function encodeAndReplay(
  front: Front,
  values: Float32Array,
  context: CodecContext,
  state: CodecState,
  out: PartWriter,
): Decoded {
  const parts: Uint8Array[] = [];
  const after = front.encode(values, context, state, {
    put: (symbols, bits) => {
      // Who puts them may use their memory again.
      parts.push(symbols.slice());
      out.put(symbols, bits);
    },
  });
  const { values: heard } = front.decode(context, state, { take: () => parts.shift() ?? new Uint8Array() });
  return { values: heard, state: after };
}
