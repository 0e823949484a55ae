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
  loadDoubleInAll,
  loadFloatInAll,
  loadFour,
  minusWhole,
  pick,
  plusDouble,
  plusWhole,
  repeatWhile,
  set,
  splatDouble,
  splatWhole,
  store,
  storeEight,
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

/** Four values at a time. Counts of rows, and of fours in a row, are at least 1; addresses are in bytes. */
export const LANES = 4;

/** Puts the least and the largest of each row and 0 at `ends`, two float32 a row. */
type Ranges = (values: number, rows: number, fours: number, ends: number) => void;
/** `table` has what values are multiplied with and what is added, two float64 a row; random numbers take `share` of themselves. */
type Quantise = (
  values: number,
  symbols: number,
  rows: number,
  fours: number,
  table: number,
  random: number,
  share: number,
) => void;
/** `table` has the level of zero, an int32, and the step, a float32, of each row. */
type Restore = (symbols: number, values: number, rows: number, fours: number, table: number) => void;

/** What `rowModules` are when they are assembled. */
export type RowKernels = readonly [ranges: Ranges, quantise: Quantise, restore: Restore];

export const rowModules = (): Uint8Array[] => [rangesModule(), quantiseModule(), restoreModule()];

/** For each row; `fours` is counted down in `left`. */
function eachRow(
  rows: number,
  [fours, left]: readonly [number, number],
  { before, four, after }: Record<'before' | 'four' | 'after', Code>,
): Code {
  return repeatWhile(rows, [
    ...[...before, ...set(left, get(fours))],
    ...repeatWhile(left, [...four, ...increase(left, -1)]),
    ...[...after, ...increase(rows, -1)],
  ]);
}

function rangesModule(): Uint8Array {
  const [values, rows, fours, ends, left, value, low, high] = [0, 1, 2, 3, 4, 5, 6, 7];
  // The least of two halves, then of two lanes.
  const inAll = (local: number, better: Code): Code => [
    ...set(local, [...get(local), ...swapped(local), ...better]),
    ...set(local, [...get(local), ...get(local), ...get(local), ...NEIGHBOURS, ...better]),
  ];
  const zero = set(low, wholes([0, 0, 0, 0]));
  return assemble(
    ['i32', 'i32', 'i32', 'i32'],
    ['i32', 'v128', 'v128', 'v128'],
    eachRow(rows, [fours, left], {
      before: [...zero, ...set(high, get(low))],
      four: [
        ...set(value, load(get(values))),
        ...set(low, [...get(low), ...get(value), ...lesser]),
        ...set(high, [...get(high), ...get(value), ...larger]),
        ...increase(values, 4 * LANES),
      ],
      after: [
        ...[...inAll(low, lesser), ...inAll(high, larger)],
        ...storeEight(get(ends), [...get(low), ...get(high), ...FIRST_OF_BOTH]),
        ...increase(ends, 8),
      ],
    }),
  );
}

/** Both halves of a vector in the place of each other. */
const swapped = (local: number): Code => [
  ...[...get(local), ...get(local)],
  ...pick([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]),
];
const NEIGHBOURS = pick([4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]);
const FIRST_OF_BOTH = pick([0, 1, 2, 3, 16, 17, 18, 19, 0, 1, 2, 3, 16, 17, 18, 19]);
/** The lowest bytes of the first two lanes of both operands. */
const LOWEST_BYTES = pick([0, 4, 16, 20, ...new Array<number>(12).fill(1)]);

/** level = value * inverse + (random * share + shift), as float64, cut to whole numbers. */
function quantiseModule(): Uint8Array {
  const [values, symbols, rows, fours, table, random, share] = [0, 1, 2, 3, 4, 5, 6];
  const [left, value, randoms, inverses, shifts, shares] = [7, 8, 9, 10, 11, 12];
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
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f64'],
    ['i32', 'v128', 'v128', 'v128', 'v128', 'v128'],
    [
      ...set(randoms, [...get(random), ...splatWhole, ...wholes(factors), ...timesWhole]),
      ...set(randoms, [...get(randoms), ...wholes(increments), ...plusWhole]),
      ...set(shares, [...get(share), ...splatDouble]),
      ...eachRow(rows, [fours, left], {
        before: [...set(inverses, loadDoubleInAll(get(table))), ...set(shifts, loadDoubleInAll(get(table), 8))],
        four: [
          ...set(value, load(get(values))),
          ...storeFour(get(symbols), [...levels(get), ...levels(swapped), ...LOWEST_BYTES]),
          ...set(randoms, [
            ...[...get(randoms), ...wholes(places.map(() => factor)), ...timesWhole],
            ...[...wholes(places.map(() => increment)), ...plusWhole],
          ]),
          ...[...increase(values, 4 * LANES), ...increase(symbols, LANES)],
        ],
        after: increase(table, 16),
      }),
    ],
  );
}

/** value = (level - zero) * step: steps have 8 digits, so float32 has the product exactly. */
function restoreModule(): Uint8Array {
  const [symbols, values, rows, fours, table, left, zeros, steps] = [0, 1, 2, 3, 4, 5, 6, 7];
  return assemble(
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    ['i32', 'v128', 'v128'],
    eachRow(rows, [fours, left], {
      before: [...set(zeros, loadFloatInAll(get(table))), ...set(steps, loadFloatInAll(get(table), 4))],
      four: [
        ...store(get(values), [
          ...[...loadFour(get(symbols)), ...bytesToWhole, ...get(zeros), ...minusWhole],
          ...[...wholeToFloat, ...get(steps), ...times],
        ]),
        ...[...increase(symbols, LANES), ...increase(values, 4 * LANES)],
      ],
      after: increase(table, 8),
    }),
  );
}
