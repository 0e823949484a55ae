import { open, stat } from 'node:fs/promises';
import { columnNames, numberOf } from '../../../shared/data/cells.js';
import { nameOf, parseCsv, remarkNotes } from '../../../shared/data/csv.js';
import { subset, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { labelTypeOf, RowEncoder } from '../../../shared/data/encode-table.js';
import { namesOfSchema } from '../../../shared/data/run-names.js';
import type { TableSchema } from '../../../shared/data/table.js';
import { wholeLines } from '../../../shared/data/text-file.js';
import { TandemError } from '../../../shared/errors.js';
import { float32, int32 } from '../../../shared/ndarray.js';
import { learnOwnTable, looksLikeHeader } from '../../../shared/preparation/own-table.js';
import { createRng } from '../../../shared/rng.js';
import { withFile } from '../../../storage/file-trouble.js';
import { streamCsv } from '../data/stream-csv.js';
import { loadTable, testTableOf } from '../data/table.js';
import type { Looked, LookOptions } from './looked.js';
import { PackedRows } from './packed-rows.js';
import { encodingName, formatNotes, formatOf } from './table-format.js';

/** A larger table is read as it comes, and its rows are kept in a file. */
const LARGE_BYTES = 200_000_000;
/** So many training rows tell means, deviations and words. */
const SAMPLE_ROWS = 50_000;
/** Words that a column says beside numbers, and labels, are all seen, up to so many. */
const [MOST_WORDS, MOST_LABELS] = [50, 10_000];
/** So much tells separator, header and how numbers are written. */
const HEAD_BYTES = 100_000;
/** One row in five is tested on, or as many as make this number: more tell no more, and take longer to ask than to train. */
const [ONE_IN, MOST_TESTED] = [5, 100_000];

export async function isLarge(path: string, largeBytes = LARGE_BYTES): Promise<boolean> {
  return (await withFile('read', { path, flag: '--data' }, () => stat(path))).size > largeBytes;
}

/** A table as its schema says, however large it is. */
export async function readOwnTable(path: string, schema: TableSchema): Promise<ClientData> {
  const hasId = schema.columns.some(({ kind }) => kind === 'id');
  if (hasId || testTableOf(path) !== undefined || !(await isLarge(path))) return loadTable(path, schema);
  return encodeLarge(path, schema);
}

/**
 * Finds out what a table holds that is larger than memory: by many of its rows, spread over all of it, and each word that is new in a
 * column of numbers, and each label. Throws CANNOT_READ and BAD_DATA.
 */
export async function lookAtLargeTable(path: string, options: LookOptions): Promise<Looked> {
  const head = await headOf(path);
  const format = await formatOf(head, path, options.separator);
  const { rows: first, separator, remarks } = await parseCsv(head, path, { ...format, separator: options.separator });
  const written = { ...format, separator, ...(remarks === undefined ? {} : { comment: remarks }) };
  const header = options.header ?? looksLikeHeader(first.slice(0, 1000));
  const names = header ? columnNames(first[0] ?? []) : (first[0] ?? []).map((_, i) => String(i + 1));
  const sample = new Sample(names, options.label ?? names.at(-1) ?? '');
  const oneIn = await testedOneIn(path);
  const isTest = testDraws(oneIn);
  let count = 0;
  for await (const { rows, share } of streamCsv(path, written)) {
    options.onReading?.(`looking at ${path}`, share);
    for (const cells of count === 0 && header ? rows.slice(1) : rows) if (!isTest()) sample.add(cells);
    count += rows.length;
  }
  const learned = learnOwnTable(header ? [names, ...sample.rows] : sample.rows, { ...options, header, hasTest: true });
  const schema = { ...learned.schema, ...written };
  const data = await encodeLarge(path, schema, options.onReading);
  const { train, test } = data;
  const all = (train.size + (test?.size ?? 0)).toLocaleString('en');
  return {
    preparation: { kind: 'table', table: schema },
    data,
    facts: `${all} rows, ${learned.columns.length} columns, ${encodingName(head, format)}, separator ${nameOf(separator)}`,
    columns: learned.columns,
    notes: [
      `too large for memory: what is said of columns was learned from ${sample.rows.length.toLocaleString('en')} training rows spread over all of it`,
      ...formatNotes(format),
      ...remarkNotes({ remarks }),
      ...learned.notes,
      ...(data.notes ?? []),
    ],
    rows: train.size,
    split: `${(test?.size ?? 0).toLocaleString('en')} samples, one row in ${oneIn}, drawn with seed 0`,
  };
}

/** Rows become numbers one after the other, and lie in a file until a step asks for them. */
export async function encodeLarge(
  path: string,
  schema: TableSchema,
  onReading?: LookOptions['onReading'],
): Promise<ClientData> {
  const { header = true } = schema;
  const packed = new PackedRows(schema);
  const labelType = labelTypeOf(schema);
  const labels = new Growing((length) => (labelType === 'int32' ? new Int32Array(length) : new Float32Array(length)));
  const isTest = testDraws(await testedOneIn(path));
  const [train, test] = [places(), places()];
  let encoder: RowEncoder | undefined;
  let row = new Float32Array(0);
  let left = 0;
  for await (const { rows, lines, share } of streamCsv(path, { ...schema, separator: schema.separator ?? ',' })) {
    onReading?.(`reading ${path}`, share);
    const isFirst = encoder === undefined;
    encoder ??= new RowEncoder(schema, rows[0] ?? [], path);
    if (isFirst) row = new Float32Array(encoder.width);
    for (let i = isFirst && header ? 1 : 0; i < rows.length; i++) {
      row.fill(0);
      const label = encoder.encode(rows[i] ?? [], lines[i] ?? 0, row, 0);
      const part = isTest() ? test : train;
      if (Number.isNaN(label)) left++;
      else {
        part.push(labels.length);
        labels.push(label);
        packed.add(row);
      }
    }
  }
  packed.flush();
  if (labels.length === 0) throw new TandemError('BAD_DATA', `${path} has no rows`, 'check the file');
  const all = packedDataset(packed, labels, labelType);
  return {
    train: subset(all, train.all),
    test: subset(all, test.all),
    names: namesOfSchema(schema),
    notes: [
      ...(left > 0 ? [`${left.toLocaleString('en')} rows have no label and are left out`] : []),
      ...(encoder?.notes ?? []),
    ],
  };
}

function packedDataset(
  packed: PackedRows,
  labels: Pick<Growing<Int32Array>, 'length' | 'at'>,
  labelType: 'int32' | 'float32',
): Dataset {
  const width = packed.rowWidth;
  return {
    size: labels.length,
    fresh: true,
    label: (row) => labels.at(row),
    batch: (rows) => {
      const features = new Float32Array(rows.length * width);
      for (let i = 0; i < rows.length; i++) packed.read(rows[i] ?? 0, features, i * width);
      const own = Array.from(rows, (row) => labels.at(row));
      return {
        inputs: [float32([rows.length, width], features)],
        labels: [labelType === 'int32' ? int32([own.length], own) : float32([own.length], own)],
      };
    },
  };
}

/** Whether the next row is tested on: where there are so many, each class has its share. */
function testDraws(oneIn: number): () => boolean {
  const rng = createRng('kept for testing', 0);
  return () => rng.int(oneIn) === 0;
}

/** By how long the file is and its first rows are, so that whoever reads it draws the same rows. */
export async function testedOneIn(path: string, mostTested = MOST_TESTED): Promise<number> {
  const [{ size }, head] = [await withFile('read', { path, flag: '--data' }, () => stat(path)), await headOf(path)];
  const lines = Math.max(
    1,
    head.reduce((count, byte) => count + Number(byte === 0x0a), 0),
  );
  return Math.max(ONE_IN, Math.ceil((size * lines) / head.length / mostTested));
}

/** Training rows that tell how a table is read: some by chance, each with the same, and the first to say something new. */
class Sample {
  private readonly byChance: (readonly string[])[] = [];
  private readonly special: (readonly string[])[] = [];
  private readonly rng = createRng('sample of a table', 0);
  private readonly words: readonly Set<string>[];
  private readonly labelPlace: number;
  private drawn = 0;

  constructor(names: readonly string[], label: string) {
    this.words = names.map(() => new Set());
    this.labelPlace = names.indexOf(label);
  }

  get rows(): readonly (readonly string[])[] {
    return this.byChance.concat(this.special);
  }

  add(cells: readonly string[]): void {
    // Cells are parts of the text that was read, which would stay in memory with them.
    const own = () => cells.map((cell) => Buffer.from(cell).toString());
    if (this.says(cells)) this.special.push(own());
    else if (this.byChance.length < SAMPLE_ROWS) this.byChance.push(own());
    else {
      const place = this.rng.int(++this.drawn + SAMPLE_ROWS);
      if (place < SAMPLE_ROWS) this.byChance[place] = own();
    }
  }

  private says(cells: readonly string[]): boolean {
    let isNew = false;
    for (let i = 0; i < this.words.length; i++) {
      const [words, cell = ''] = [this.words[i], cells[i]];
      const most = i === this.labelPlace ? MOST_LABELS : MOST_WORDS;
      if (!words || words.size >= most || words.has(cell)) continue;
      if (i !== this.labelPlace && !Number.isNaN(numberOf(cell))) continue;
      words.add(Buffer.from(cell).toString());
      isNew = true;
    }
    return isNew;
  }
}

/** Numbers whose count is not known. */
class Growing<A extends Int32Array | Float32Array> {
  length = 0;

  constructor(
    private readonly make: (length: number) => A,
    private values: A = make(1024),
  ) {}

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = this.make(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  at(place: number): number {
    return this.values[place] ?? NaN;
  }

  get all(): A {
    return this.values.subarray(0, this.length) as A;
  }
}

function places(): Growing<Int32Array> {
  return new Growing((length) => new Int32Array(length));
}

async function headOf(path: string): Promise<Uint8Array> {
  return withFile('read', { path, flag: '--data' }, async () => {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return wholeLines(buffer, bytesRead);
    } finally {
      await file.close();
    }
  });
}
