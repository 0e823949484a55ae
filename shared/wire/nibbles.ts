import {
  assemble,
  assembled,
  bitsOfBoth,
  bitsOfEither,
  bytesToHalves,
  get,
  halvesLeft,
  halvesRight,
  increase,
  load,
  loadEight,
  pick,
  repeatWhile,
  set,
  store,
  storeEight,
  whole,
  wholes,
} from '../wasm-assembler.js';

/** Symbols of four bits, two in a byte, the first in the lower half. */
export interface Nibbles {
  /** An even number of symbols, into half as many bytes. */
  join(symbols: Uint8Array, bytes: Uint8Array): void;
  split(bytes: Uint8Array, symbols: Uint8Array): void;
}

type Move = (from: number, to: number, blocks: number) => void;

/** So many symbols are in the memory at once, with their bytes behind them; both kernels take blocks of 16 and 8. */
const PIECE = 32_768;
const BYTES_AT = PIECE;
const BLOCK = 16;

export const plainNibbles: Nibbles = {
  join(symbols, bytes) {
    for (let i = 0; i < bytes.length; i++)
      bytes[i] = (symbols[2 * i] as number) | ((symbols[2 * i + 1] as number) << 4);
  },
  split(bytes, symbols) {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      symbols[2 * i] = byte & 15;
      symbols[2 * i + 1] = byte >> 4;
    }
  },
};

/** The same with 128-bit vectors of WebAssembly; undefined where there are none. */
export function createVectorNibbles(): Nibbles | undefined {
  const nibbles = assembled(1, [joinModule(), splitModule()]);
  return nibbles && nibblesOn(new Uint8Array(nibbles.buffer), nibbles.functions as [Move, Move]);
}

function nibblesOn(memory: Uint8Array, [join, split]: [Move, Move]): Nibbles {
  return {
    join(symbols, bytes) {
      for (let start = 0; start < symbols.length; start += PIECE) {
        const piece = symbols.subarray(start, start + PIECE);
        memory.set(piece);
        join(0, BYTES_AT, Math.ceil(piece.length / BLOCK));
        bytes.set(memory.subarray(BYTES_AT, BYTES_AT + piece.length / 2), start / 2);
      }
    },
    split(bytes, symbols) {
      for (let start = 0; start < bytes.length; start += PIECE / 2) {
        const piece = bytes.subarray(start, start + PIECE / 2);
        memory.set(piece, BYTES_AT);
        split(BYTES_AT, 0, Math.ceil((2 * piece.length) / BLOCK));
        symbols.set(memory.subarray(0, 2 * piece.length), 2 * start);
      }
    },
  };
}

/** Of each number of 16 bits, which are two symbols, the lower byte with itself moved down by four bits. */
function joinModule(): Uint8Array {
  const [from, to, blocks, value] = [0, 1, 2, 3];
  return assemble(
    ['i32', 'i32', 'i32'],
    ['v128'],
    repeatWhile(blocks, [
      ...set(value, load(get(from))),
      ...storeEight(get(to), [
        ...[...get(value), ...get(value), ...whole(4), ...halvesRight, ...bitsOfEither],
        ...[...get(value), ...pick([0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14])],
      ]),
      ...[...increase(from, BLOCK), ...increase(to, BLOCK / 2), ...increase(blocks, -1)],
    ]),
  );
}

function splitModule(): Uint8Array {
  const [from, to, blocks, value] = [0, 1, 2, 3];
  const lower = 0x0f0f0f0f;
  return assemble(
    ['i32', 'i32', 'i32'],
    ['v128'],
    repeatWhile(blocks, [
      ...set(value, [...loadEight(get(from)), ...bytesToHalves]),
      ...store(get(to), [
        ...[...get(value), ...get(value), ...whole(4), ...halvesLeft, ...bitsOfEither],
        ...[...wholes([lower, lower, lower, lower]), ...bitsOfBoth],
      ]),
      ...[...increase(from, BLOCK / 2), ...increase(to, BLOCK), ...increase(blocks, -1)],
    ]),
  );
}
