/** Rows by the number of their sample, as plain data: pages of rows, of which a change copies one. */
export type RowMemory = readonly Page[];
type Page = readonly (Float32Array | null)[] | null;

const PAGE = 256;
/** The most that rows of one tensor may take, at each end and in its checkpoints; samples beyond it are not remembered. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Undefined for a row that is not remembered. */
export function rowIn(memory: RowMemory, sample: number, width: number): Float32Array | undefined {
  const row = memory[Math.floor(sample / PAGE)]?.[sample % PAGE];
  return row?.length === width ? row : undefined;
}

/** With these rows; the memory before stays what it was. */
export function withRows(memory: RowMemory, samples: Int32Array, rows: readonly Float32Array[]): RowMemory {
  const pages = [...memory];
  const own = new Map<number, (Float32Array | null)[]>();
  rows.forEach((row, i) => {
    const sample = samples[i] ?? 0;
    if (row.byteLength * (sample + 1) > MOST_BYTES) return;
    const at = Math.floor(sample / PAGE);
    while (pages.length <= at) pages.push(null);
    const page = own.get(at) ?? [...(pages[at] ?? [])];
    own.set(at, page);
    while (page.length <= sample % PAGE) page.push(null);
    page[sample % PAGE] = row;
    pages[at] = page;
  });
  return pages;
}
