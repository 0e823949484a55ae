import { TandemError } from '../../errors.js';
import { createVectorNibbles, plainNibbles, type Nibbles } from '../nibbles.js';
import { MOST_BYTES_KEPT } from '../scratch.js';
import type { SymbolCoder } from '../parts.js';

const LEAST_BYTES = 4096;
/** Messages are put together here, one after the other. */
let memory: Uint8Array | undefined;

/** Symbols one beside the other, the first in the lowest bits; each part begins at a whole byte. */
export const packedBits: SymbolCoder = {
  name: 'bits',
  write(fill) {
    let bytes = memory ?? new Uint8Array(LEAST_BYTES);
    let at = 0;
    // A codec of a user's own may use another one while it writes.
    memory = undefined;
    fill({
      put: (symbols, bits) => {
        const end = at + packedLength(symbols.length, bits);
        if (end > bytes.length) bytes = enlarged(bytes, at, end);
        packSymbols(symbols, bits, bytes.subarray(at, end));
        at = end;
      },
    });
    if (bytes.length <= MOST_BYTES_KEPT) memory = bytes;
    return { bytes: bytes.slice(0, at), state: null };
  },
  read(bytes, empty) {
    let at = 0;
    const take = (count: number, bits: number) => {
      const end = at + packedLength(count, bits);
      if (end > bytes.length) {
        throw new TandemError('BAD_MESSAGE', `a coded tensor has ${bytes.length} bytes, at least ${end} were expected`);
      }
      const piece = bytes.subarray(at, end);
      at = end;
      return unpackSymbols(piece, count, bits);
    };
    const value = empty({ take });
    if (at === bytes.length) return { value, state: null };
    throw new TandemError('BAD_MESSAGE', `a coded tensor has ${bytes.length} bytes, ${at} were expected`);
  },
};

let ownNibbles: Nibbles | undefined;

/** With vectors where there are some. */
function nibbles(): Nibbles {
  return (ownNibbles ??= createVectorNibbles() ?? plainNibbles);
}

export function packedLength(count: number, bits: number): number {
  return Math.ceil((count * bits) / 8);
}

function enlarged(bytes: Uint8Array, used: number, needed: number): Uint8Array {
  const larger = new Uint8Array(Math.max(needed, 2 * bytes.length));
  larger.set(bytes.subarray(0, used));
  return larger;
}

export function packSymbols(
  symbols: Uint8Array,
  bits: number,
  bytes: Uint8Array = new Uint8Array(packedLength(symbols.length, bits)),
): Uint8Array {
  const { length } = symbols;
  if (bits === 8) {
    bytes.set(symbols);
    return bytes;
  }
  if (bits === 4) {
    const pairs = length >> 1;
    nibbles().join(symbols.subarray(0, 2 * pairs), bytes.subarray(0, pairs));
    if (length & 1) bytes[pairs] = symbols[length - 1] as number;
    return bytes;
  }
  let [held, filled, at] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    held |= (symbols[i] as number) << filled;
    filled += bits;
    if (filled < 8) continue;
    bytes[at++] = held & 0xff;
    held >>>= 8;
    filled -= 8;
  }
  if (filled > 0) bytes[at] = held;
  return bytes;
}

export function unpackSymbols(bytes: Uint8Array, count: number, bits: number): Uint8Array {
  if (bits === 8) return bytes;
  const symbols = new Uint8Array(count);
  if (bits === 4) {
    const pairs = count >> 1;
    nibbles().split(bytes.subarray(0, pairs), symbols.subarray(0, 2 * pairs));
    if (count & 1) symbols[count - 1] = (bytes[pairs] as number) & 15;
    return symbols;
  }
  const mask = (1 << bits) - 1;
  let [held, filled, at] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    if (filled < bits) {
      held |= (bytes[at++] as number) << filled;
      filled += 8;
    }
    symbols[i] = held & mask;
    held >>>= bits;
    filled -= bits;
  }
  return symbols;
}
