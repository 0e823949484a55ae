import {
  assemble,
  bytesToWhole,
  doubleToWhole,
  floatToDouble,
  get,
  increase,
  larger,
  lesser,
  load,
  loadFour,
  minusWhole,
  pick,
  plusDouble,
  plusWhole,
  repeatWhile,
  set,
  splat,
  splatDouble,
  splatWhole,
  store,
  storeFour,
  times,
  timesDouble,
  timesWhole,
  wholes,
  wholeToDouble,
  wholeToFloat,
  type Code,
} from '../wasm-assembler.js';
import { randomAfter } from './random-line.js';

/** Four values at a time; a count of fours is at least 1, and addresses are in bytes. */
export const LANES = 4;

/** Puts the least of each of four columns and 0 at `low`, and the largest at `high`. */
type Ranges = (values: number, fours: number, low: number, high: number) => void;
type Quantise = (
  values: number,
  symbols: number,
  fours: number,
  random: number,
  inverse: number,
  shift: number,
  share: number,
) => void;
type Restore = (symbols: number, values: number, fours: number, zero: number, step: number) => void;

export interface RowKernels {
  readonly ranges: Ranges;
  readonly quantise: Quantise;
  readonly restore: Restore;
}

/** The kernels on a memory; undefined where WebAssembly has no vectors. Throws what WebAssembly throws where it is forbidden. */
export function kernelsOn(memory: WebAssembly.Memory): RowKernels | undefined {
  const modules = [rangesModule(), quantiseModule(), restoreModule()] as Uint8Array<ArrayBuffer>[];
  if (!modules.every((bytes) => WebAssembly.validate(bytes))) return undefined;
  const [ranges, quantise, restore] = modules.map(
    (bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports.run,
  ) as [Ranges, Quantise, Restore];
  return { ranges, quantise, restore };
}

function rangesModule(): Uint8Array {
  const [values, fours, lowAt, highAt, value, low, high] = [0, 1, 2, 3, 4, 5, 6];
  return assemble(
    ['i32', 'i32', 'i32', 'i32'],
    ['v128', 'v128', 'v128'],
    [
      ...repeatWhile(fours, [
        ...set(value, load(get(values))),
        ...set(low, [...get(low), ...get(value), ...lesser]),
        ...set(high, [...get(high), ...get(value), ...larger]),
        ...increase(values, 4 * LANES),
        ...increase(fours, -1),
      ]),
      ...store(get(lowAt), get(low)),
      ...store(get(highAt), get(high)),
    ],
  );
}

/** Both halves of a vector in the place of each other. */
const swapped = (local: number): Code => [
  ...[...get(local), ...get(local)],
  ...pick([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]),
];
/** The lowest bytes of the first two lanes of both operands. */
const LOWEST_BYTES = pick([0, 4, 16, 20, ...new Array<number>(12).fill(1)]);

/** level = value * inverse + (random * share + shift), as float64, cut to whole numbers. */
function quantiseModule(): Uint8Array {
  const [values, symbols, fours, random, inverse, shift, share] = [0, 1, 2, 3, 4, 5, 6];
  const [value, randoms, inverses, shifts, shares] = [7, 8, 9, 10, 11];
  const places = [1, 2, 3, 4];
  const increments = places.map((count) => randomAfter(0, count));
  const factors = places.map((count, i) => (randomAfter(1, count) - (increments[i] as number)) | 0);
  const [factor, increment] = [factors[LANES - 1] as number, increments[LANES - 1] as number];
  const levels = (half: (local: number) => Code): Code => [
    ...[...half(value), ...floatToDouble, ...get(inverses), ...timesDouble],
    ...[...half(randoms), ...wholeToDouble, ...get(shares), ...timesDouble, ...get(shifts), ...plusDouble],
    ...[...plusDouble, ...doubleToWhole],
  ];
  return assemble(
    ['i32', 'i32', 'i32', 'i32', 'f64', 'f64', 'f64'],
    ['v128', 'v128', 'v128', 'v128', 'v128'],
    [
      ...set(randoms, [...get(random), ...splatWhole, ...wholes(factors), ...timesWhole]),
      ...set(randoms, [...get(randoms), ...wholes(increments), ...plusWhole]),
      ...set(inverses, [...get(inverse), ...splatDouble]),
      ...set(shifts, [...get(shift), ...splatDouble]),
      ...set(shares, [...get(share), ...splatDouble]),
      ...repeatWhile(fours, [
        ...set(value, load(get(values))),
        ...storeFour(get(symbols), [...levels(get), ...levels(swapped), ...LOWEST_BYTES]),
        ...set(randoms, [
          ...[...get(randoms), ...wholes(places.map(() => factor)), ...timesWhole],
          ...[...wholes(places.map(() => increment)), ...plusWhole],
        ]),
        ...increase(values, 4 * LANES),
        ...increase(symbols, LANES),
        ...increase(fours, -1),
      ]),
    ],
  );
}

/** value = (level - zero) * step: steps have 8 digits, so float32 has the product exactly. */
function restoreModule(): Uint8Array {
  const [symbols, values, fours, zero, step, zeros, steps] = [0, 1, 2, 3, 4, 5, 6];
  return assemble(
    ['i32', 'i32', 'i32', 'i32', 'f32'],
    ['v128', 'v128'],
    [
      ...set(zeros, [...get(zero), ...splatWhole]),
      ...set(steps, [...get(step), ...splat]),
      ...repeatWhile(fours, [
        ...store(get(values), [
          ...[...loadFour(get(symbols)), ...bytesToWhole, ...get(zeros), ...minusWhole],
          ...[...wholeToFloat, ...get(steps), ...times],
        ]),
        ...increase(symbols, LANES),
        ...increase(values, 4 * LANES),
        ...increase(fours, -1),
      ]),
    ],
  );
}
