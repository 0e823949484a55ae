import { TandemError } from '../../errors.js';
import type { SymbolCoder } from '../parts.js';

/** Symbols one beside the other, the first in the lowest bits; each part begins at a whole byte. */
export const packedBits: SymbolCoder = {
  name: 'bits',
  write(fill) {
    const pieces: Uint8Array[] = [];
    fill({ put: (symbols, bits) => pieces.push(packSymbols(symbols, bits)) });
    const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return { bytes, state: null };
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

export function packedLength(count: number, bits: number): number {
  return Math.ceil((count * bits) / 8);
}

export function packSymbols(symbols: Uint8Array, bits: number): Uint8Array {
  if (bits === 8) return symbols;
  const { length } = symbols;
  const bytes = new Uint8Array(packedLength(length, bits));
  if (bits === 4) {
    const pairs = length >> 1;
    for (let i = 0; i < pairs; i++) bytes[i] = (symbols[2 * i] as number) | ((symbols[2 * i + 1] as number) << 4);
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
    for (let i = 0; i < pairs; i++) {
      const byte = bytes[i] as number;
      symbols[2 * i] = byte & 15;
      symbols[2 * i + 1] = byte >> 4;
    }
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
