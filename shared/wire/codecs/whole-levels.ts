import { rangesOfChannels, restoreChannels } from '../channels.js';
import { countOf, isRandom, rowsOf, type Front } from '../front.js';
import type { CodecContext } from '../codec.js';
import { clampFinite, LARGEST_FLOAT } from '../clamp-finite.js';
import { nextRandom, shareOf } from '../random-line.js';
import { plainRows } from '../plain-rows.js';
import type { RowLoops } from '../rows.js';
import { createVectorRows } from '../vector-rows.js';
import { Scratch } from '../scratch.js';
import { inverseOf, putScales, scalesOf, takeScales, type Scales } from '../scales.js';

/** Which values share a range: those of a sample, a channel, or the whole tensor, where samples of small values round to zeros. */
export type RangeOf = 'sample' | 'channel' | 'tensor';

/**
 * `int8`, `int4` and so on: the range of each group in 2^bits even levels, one of which is 0. In training values are rounded
 * up or down at random (stochastic rounding), so that the mean error is 0; else to the nearest.
 */
export function wholeLevels(bits: number, rangeOf: RangeOf): Front {
  const levels = 2 ** bits;
  const prepare = (values: Float32Array, { shape }: CodecContext): [number, number] => {
    if (rangeOf === 'channel') return [shape.at(-1) ?? 1, 1];
    if (rangeOf === 'tensor') return values.length > 0 ? [1, values.length] : [0, 0];
    const { rows, width } = rowsOf(shape, values.length);
    return [rows, width];
  };
  const memory = {
    least: new Scratch('doubles'),
    most: new Scratch('doubles'),
    steps: new Scratch('doubles'),
    zeros: new Scratch('bytes'),
    symbols: new Scratch('bytes'),
  };
  /** Valid until the next time. */
  const measure = (values: Float32Array, context: CodecContext): Scales => {
    const [groups, width] = prepare(values, context);
    const [least, most] = [memory.least.of(groups).fill(0), memory.most.of(groups).fill(0)];
    if (rangeOf === 'channel') rangesOfChannels(values, least, most);
    else rowsOfWidth(width).ranges(values, width, least, most);
    return scalesOf(least, most, levels, { steps: memory.steps.of(groups), zeros: memory.zeros.of(groups) });
  };
  return {
    encode(values, context, _state, out) {
      const seed = isRandom(context) ? context.seed : null;
      const scales = measure(values, context);
      putScales(scales, out);
      const [groups, width] = prepare(values, context);
      const symbols = memory.symbols.of(values.length);
      if (rangeOf === 'channel') quantiseChannels(values, scales, groups, seed, symbols);
      else rowsOfWidth(width).quantise(values, scales, width, seed, symbols);
      out.put(symbols, bits);
      return null;
    },
    decode(context, _state, from) {
      const values = new Float32Array(countOf(context));
      const [groups, width] = prepare(values, context);
      const scales = takeScales(groups, from, memory.steps.of(groups));
      const symbols = from.take(values.length, bits);
      if (rangeOf === 'channel') restoreChannels(symbols, scales, values);
      else rowsOfWidth(width).restore(symbols, scales, width, values);
      if (scales.steps.some((step) => step * 256 > LARGEST_FLOAT)) clampFinite(values);
      return { values, state: null };
    },
    errorBound(values, context) {
      const { steps } = measure(values, context);
      const step = steps.reduce((largest, each) => Math.max(largest, each), 0);
      return (isRandom(context) ? step : step / 2) * (1 + levels * 2 ** -22);
    },
  };
}

let fastRows: RowLoops | undefined;

/** With vectors where there are some. */
function rowsOfWidth(width: number): RowLoops {
  return width % 4 === 0 ? (fastRows ??= createVectorRows() ?? plainRows) : plainRows;
}

function quantiseChannels(
  values: Float32Array,
  { steps, zeros }: Scales,
  groups: number,
  seed: number | null,
  symbols: Uint8Array,
): void {
  let random = (seed ?? 0) | 0;
  const spread = seed === null ? 0 : 1;
  const inverses = steps.map(inverseOf);
  const shifts = Float64Array.from(zeros, (zero) => zero + 0.5);
  for (let start = 0; start < values.length; start += groups) {
    for (let c = 0; c < groups; c++) {
      random = nextRandom(random);
      symbols[start + c] =
        (values[start + c] as number) * (inverses[c] as number) + (shareOf(random) * spread + (shifts[c] as number));
    }
  }
}
