/** A curve of bounded length. Once it is full, neighbours are averaged in pairs, and a point stands for twice as many values. */
export interface Series {
  /** Values that one point is the mean of. */
  readonly stride: number;
  readonly x: readonly number[];
  /** One list for each quantity, as long as `x`. */
  readonly columns: readonly (readonly number[])[];
  /** The values of the point that is not complete yet. */
  readonly pending: { readonly count: number; readonly sums: readonly number[] };
}

/** Even, so that pairs come out. */
export const MAX_POINTS = 400;

export function emptySeries(columns: number): Series {
  const none = Array.from({ length: columns }, () => []);
  return { stride: 1, x: [], columns: none, pending: { count: 0, sums: none.map(() => 0) } };
}

/** Adds one value of each quantity; the point has the `x` of its last value. */
export function addPoint(series: Series, x: number, values: readonly number[]): Series {
  const count = series.pending.count + 1;
  const sums = series.pending.sums.map((sum, i) => sum + (values[i] ?? 0));
  if (count < series.stride) return { ...series, pending: { count, sums } };
  const grown: Series = {
    stride: series.stride,
    x: [...series.x, x],
    columns: series.columns.map((column, i) => [...column, (sums[i] ?? 0) / count]),
    pending: { count: 0, sums: sums.map(() => 0) },
  };
  return grown.x.length < MAX_POINTS ? grown : halved(grown);
}

/** Without the points after an `x`; the one that is not complete goes, too. */
export function cutAfter(series: Series, x: number): Series {
  const length = series.x.filter((value) => value <= x).length;
  return {
    stride: series.stride,
    x: series.x.slice(0, length),
    columns: series.columns.map((column) => column.slice(0, length)),
    pending: { count: 0, sums: series.pending.sums.map(() => 0) },
  };
}

function halved(series: Series): Series {
  return {
    ...series,
    stride: 2 * series.stride,
    x: series.x.filter((_, i) => i % 2 === 1),
    columns: series.columns.map((column) =>
      column.flatMap((value, i) => (i % 2 === 1 ? [((column[i - 1] ?? 0) + value) / 2] : [])),
    ),
  };
}
