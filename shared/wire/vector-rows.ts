import { kernelsOn, LANES, type RowKernels } from './row-kernels.js';
import { randomAfter } from './random-line.js';
import type { RowLoops } from './rows.js';
import { inverseOf } from './scales.js';

/** So many values are in the memory at once, with their symbols behind them, and the least and the largest of four columns behind those. */
const PIECE = 65_536;
const SYMBOLS_AT = 4 * PIECE;
const LOW_AT = 5 * PIECE;
const HIGH_AT = LOW_AT + 4 * LANES;
const PAGES = 6;

/** The same bits as `plainRows`, with 128-bit vectors of WebAssembly, for rows whose width is a multiple of four. Undefined where there are no vectors. */
export function createVectorRows(): RowLoops | undefined {
  try {
    const memory = new WebAssembly.Memory({ initial: PAGES });
    const kernels = kernelsOn(memory);
    return kernels && rowsOn(memory, kernels);
  } catch {
    // A browser may have no WebAssembly, and a page's policy may forbid it.
    return undefined;
  }
}

function rowsOn(memory: WebAssembly.Memory, kernels: RowKernels): RowLoops {
  const [floats, bytes] = [new Float32Array(memory.buffer), new Uint8Array(memory.buffer)];
  return {
    ranges(values, width, least, most) {
      for (let from = 0; from < values.length; from += PIECE) {
        floats.set(values.subarray(from, from + PIECE));
        eachPart(from, values.length, width, (row, start, end) => {
          kernels.ranges(4 * (start - from), (end - start) / LANES, LOW_AT, HIGH_AT);
          for (let lane = 0; lane < LANES; lane++) {
            least[row] = Math.min(least[row] as number, floats[LOW_AT / 4 + lane] as number);
            most[row] = Math.max(most[row] as number, floats[HIGH_AT / 4 + lane] as number);
          }
        });
      }
    },

    quantise(values, { steps, zeros }, width, seed, symbols) {
      const share = seed === null ? 0 : 2 ** -32;
      let random = (seed ?? 0) | 0;
      for (let from = 0; from < values.length; from += PIECE) {
        floats.set(values.subarray(from, from + PIECE));
        eachPart(from, values.length, width, (row, start, end) => {
          const [at, count] = [start - from, end - start];
          const [inverse, shift] = [inverseOf(steps[row] as number), (zeros[row] as number) + 0.5];
          kernels.quantise(4 * at, SYMBOLS_AT + at, count / LANES, random, inverse, shift, share);
          random = randomAfter(random, count);
        });
        symbols.set(bytes.subarray(SYMBOLS_AT, SYMBOLS_AT + Math.min(PIECE, values.length - from)), from);
      }
    },

    restore(symbols, { steps, zeros }, width, values) {
      for (let from = 0; from < symbols.length; from += PIECE) {
        bytes.set(symbols.subarray(from, from + PIECE), SYMBOLS_AT);
        eachPart(from, symbols.length, width, (row, start, end) => {
          const [at, count] = [start - from, end - start];
          kernels.restore(SYMBOLS_AT + at, 4 * at, count / LANES, zeros[row] as number, steps[row] as number);
        });
        values.set(floats.subarray(0, Math.min(PIECE, symbols.length - from)), from);
      }
    },
  };
}

/** The rows in the piece that begins here, the first and the last as far as they are in it. */
function eachPart(
  from: number,
  length: number,
  width: number,
  visit: (row: number, start: number, end: number) => void,
): void {
  const to = Math.min(from + PIECE, length);
  for (let start = from; start < to;) {
    const row = Math.floor(start / width);
    const end = Math.min(to, (row + 1) * width);
    visit(row, start, end);
    start = end;
  }
}
