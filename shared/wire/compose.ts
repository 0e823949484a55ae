import type { Codec, CodecState } from './codec.js';
import type { Front } from './front.js';
import type { SymbolCoder } from './parts.js';

/** A front and what stands behind it, as one codec. */
export function compose(name: string, front: Front, coder: SymbolCoder, correction = 0): Codec {
  return {
    name,
    correction,
    encode(values, context, state) {
      const [own, below] = halves(state);
      let after: CodecState = null;
      const fill = (out: Parameters<Front['encode']>[3]) => (after = front.encode(values, context, own, out));
      const { bytes, state: coded } = coder.write(fill, context.learns, below);
      return { bytes, state: joined(after, coded) };
    },
    decode(bytes, context, state) {
      const [own, below] = halves(state);
      const { value, state: coded } = coder.read(
        bytes,
        (from) => front.decode(context, own, from),
        context.learns,
        below,
      );
      return { values: value.values, state: joined(value.state, coded) };
    },
    errorBound: (values, context, state) => front.errorBound(values, context, halves(state)[0]),
  };
}

function halves(state: CodecState): readonly [CodecState, CodecState] {
  return Array.isArray(state) ? [(state as CodecState[])[0] ?? null, (state as CodecState[])[1] ?? null] : [null, null];
}

function joined(own: CodecState, below: CodecState): CodecState {
  return own === null && below === null ? null : [own, below];
}
