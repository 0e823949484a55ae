import { widthOf, type TableSchema } from '../../../shared/data/table.js';
import { ScratchRows } from '../../../storage/row-files.js';

/** A place that a word has not. */
const NOWHERE = 0xffff;

/** Rows that became numbers, in a file that goes with the process: four bytes a number, two a word, whatever a word's width is. */
export class PackedRows {
  /** None in memory. */
  private readonly rows = new ScratchRows(0);
  private readonly layout: readonly { readonly at: number; readonly width: number; readonly isWord: boolean }[];
  private readonly rowBytes: number;
  private readonly width: number;
  private readonly pending: Buffer;
  private pendingRows = 0;

  constructor({ columns }: TableSchema) {
    let at = 0;
    this.layout = columns.flatMap((column): { at: number; width: number; isWord: boolean }[] => {
      const width = widthOf(column);
      const from = at;
      at += width;
      if (column.kind === 'category') return [{ at: from, width, isWord: true }];
      return Array.from({ length: width }, (_, i) => ({ at: from + i, width: 1, isWord: false }));
    });
    this.width = at;
    this.rowBytes = this.layout.reduce((sum, { isWord }) => sum + (isWord ? 2 : 4), 0);
    this.pending = Buffer.alloc(Math.max(1, Math.floor(1_000_000 / this.rowBytes)) * this.rowBytes);
  }

  /** Adds a row of so many numbers as the model takes. */
  add(row: Float32Array): void {
    let at = this.pendingRows * this.rowBytes;
    for (const { at: from, width, isWord } of this.layout) {
      if (isWord) {
        let place = NOWHERE;
        for (let i = 0; i < width; i++) if (row[from + i] === 1) place = i;
        at = this.pending.writeUInt16LE(place, at);
      } else at = this.pending.writeFloatLE(row[from] ?? 0, at);
    }
    if (++this.pendingRows * this.rowBytes === this.pending.length) this.flush();
  }

  flush(): void {
    this.rows.append(this.pending.subarray(0, this.pendingRows * this.rowBytes));
    this.pendingRows = 0;
  }

  /** Writes a row's numbers from `to` on, which are zeros before. */
  read(row: number, features: Float32Array, to: number): void {
    const bytes = Buffer.allocUnsafe(this.rowBytes);
    this.rows.read(row * this.rowBytes, bytes);
    let at = 0;
    for (const { at: from, isWord } of this.layout) {
      const place = isWord ? bytes.readUInt16LE(at) : 0;
      if (!isWord) features[to + from] = bytes.readFloatLE(at);
      else if (place !== NOWHERE) features[to + from + place] = 1;
      at += isWord ? 2 : 4;
    }
  }

  get rowWidth(): number {
    return this.width;
  }
}
