import { assembled } from '../wasm-assembler.js';
import { LANES, rowModules, type RowKernels } from './row-kernels.js';
import { randomAfter } from './random-line.js';
import type { RowLoops } from './rows.js';
import { inverseOf } from './scales.js';

/** So many values are in the memory at once, with their symbols behind them, and two numbers of each row behind those. */
const PIECE = 65_536;
const MOST_ROWS = 1024;
const SYMBOLS_AT = 4 * PIECE;
const TABLE_AT = 5 * PIECE;
const PAGES = 6;

/** The same bits as `plainRows`, with 128-bit vectors of WebAssembly, for rows whose width is a multiple of four. Undefined where there are no vectors. */
export function createVectorRows(): RowLoops | undefined {
  const rows = assembled(PAGES, rowModules());
  return rows && rowsOn(rows.buffer, rows.functions as RowKernels);
}

function rowsOn(buffer: ArrayBuffer, [ranges, quantise, restore]: RowKernels): RowLoops {
  const [floats, bytes] = [new Float32Array(buffer), new Uint8Array(buffer)];
  const table = {
    floats: new Float32Array(buffer, TABLE_AT),
    wholes: new Int32Array(buffer, TABLE_AT),
    doubles: new Float64Array(buffer, TABLE_AT),
  };
  return {
    ranges(values, width, least, most) {
      eachPiece(values.length, width, (first, rows, start, end) => {
        floats.set(values.subarray(start, end));
        ranges(0, rows, (end - start) / rows / LANES, TABLE_AT);
        for (let row = 0; row < rows; row++) {
          least[first + row] = Math.min(least[first + row] as number, table.floats[2 * row] as number);
          most[first + row] = Math.max(most[first + row] as number, table.floats[2 * row + 1] as number);
        }
      });
    },

    quantise(values, { steps, zeros }, width, seed, symbols) {
      const share = seed === null ? 0 : 2 ** -32;
      let random = (seed ?? 0) | 0;
      eachPiece(values.length, width, (first, rows, start, end) => {
        for (let row = 0; row < rows; row++) {
          table.doubles[2 * row] = inverseOf(steps[first + row] as number);
          table.doubles[2 * row + 1] = (zeros[first + row] as number) + 0.5;
        }
        floats.set(values.subarray(start, end));
        quantise(0, SYMBOLS_AT, rows, (end - start) / rows / LANES, TABLE_AT, random, share);
        random = randomAfter(random, end - start);
        symbols.set(bytes.subarray(SYMBOLS_AT, SYMBOLS_AT + end - start), start);
      });
    },

    restore(symbols, { steps, zeros }, width, values) {
      eachPiece(symbols.length, width, (first, rows, start, end) => {
        for (let row = 0; row < rows; row++) {
          table.wholes[2 * row] = zeros[first + row] as number;
          table.floats[2 * row + 1] = steps[first + row] as number;
        }
        bytes.set(symbols.subarray(start, end), SYMBOLS_AT);
        restore(SYMBOLS_AT, 0, rows, (end - start) / rows / LANES, TABLE_AT);
        values.set(floats.subarray(0, end - start), start);
      });
    },
  };
}

/** As many whole rows as fit, or a part of one that does not. */
function eachPiece(
  length: number,
  width: number,
  visit: (first: number, rows: number, start: number, end: number) => void,
): void {
  const size = width > PIECE ? PIECE : width * Math.min(MOST_ROWS, Math.floor(PIECE / width));
  for (let start = 0; start < length;) {
    const row = Math.floor(start / width);
    const end = Math.min(length, start + size, width > PIECE ? (row + 1) * width : Infinity);
    visit(row, Math.max(1, Math.floor((end - start) / width)), start, end);
    start = end;
  }
}
