import type { Column, TableSchema } from '../../shared/data/table.js';
import { createRng, type Rng } from '../../shared/rng.js';

/** What a file holds, known to whoever wrote it: features and labels row by row, or what is wrong with it. */
export type Truth<Row> =
  { readonly rows: readonly Row[]; readonly labels: readonly number[] } | { readonly refusedFor: string };

export interface MadeUpTable {
  readonly kind: 'table';
  readonly bytes: Uint8Array;
  readonly label: string;
  readonly labelType: 'int32' | 'float32';
  readonly schema: TableSchema | null;
  readonly truth: Truth<readonly number[]>;
}

interface Cell {
  text: string;
  readonly numbers: readonly number[];
}

interface MadeUpColumn {
  readonly name: string;
  /** Undefined where there is no schema. */
  readonly declared?: Column;
  readonly role: 'number' | 'words' | 'label' | 'ignored';
  readonly cell: () => Cell;
}

const WORDS = ['red', 'blue, pale', 'a;b', 'x|y', 'tab\tbed', 'say "hi"', 'Grün', 'two\nlines', 'two\r\nlines', '日本'];
const NAMES = ['size', 'weight', 'höhe', 'a b', 'x,y', 'p;q', 'T', '長さ', 'n|m', 'q"q'];
const MISSING = ['?', '', 'NA', '-'];
const WRONG_NUMBERS = [
  '7e39',
  '-3.5e38',
  '3e-50',
  '0x1F',
  'Infinity',
  'NaN',
  'many',
  '1e',
  '1_000',
  '2,5',
  '1.2.3',
  '--4',
];
const WRONG_CLASSES = ['1.5', '2147483648', '-2147483649', '', 'yes', '1e-1', '0b1'];

/** A table by its seed: separators, encodings, line ends, quotes, missing values, types, ragged rows, names. */
export function madeUpTable(seed: number): MadeUpTable {
  const rng = createRng('table', seed);
  const names = shuffled(NAMES, rng).slice(0, 2 + rng.int(4));
  const labelType = rng.int(4) === 0 ? 'float32' : 'int32';
  const hasSchema = rng.int(2) === 0;
  const columns = names.map((name, i) => madeUpColumn(name, i === 0 ? labelType : undefined, hasSchema, rng));
  const inFile = shuffled(columns, rng);
  const inSchema = hasSchema ? shuffled(columns, rng) : inFile;
  const rows = Array.from({ length: 1 + rng.int(45) }, () => new Map(inFile.map((column) => [column, column.cell()])));
  const truth = {
    rows: rows.map((row) =>
      inSchema.flatMap((column) => (column.role === 'label' ? [] : (row.get(column)?.numbers ?? []))),
    ),
    labels: rows.map((row) => inFile.flatMap((c) => (c.role === 'label' ? (row.get(c)?.numbers ?? []) : []))[0] ?? NaN),
  };
  const table = [
    inFile.map(({ name }) => name),
    ...rows.map((row) => inFile.map((column) => row.get(column)?.text ?? '')),
  ];
  const separator = pick([',', ';', '\t', '|'], rng);
  const fault = rng.int(3) === 0 ? spoil(table, inFile, labelType, rng) : undefined;
  const text = written(table, separator, rng) + (fault === 'a quote that is not closed' ? '"open' : '');
  return {
    kind: 'table',
    bytes: fault === 'bytes that are no text' ? Buffer.from(`${text}\nr\xe9d`, 'latin1') : encoded(text, rng),
    label: columns[0]?.name ?? '',
    labelType,
    schema: hasSchema ? { columns: inSchema.flatMap(({ declared }) => declared ?? []), missing: MISSING } : null,
    truth: fault === undefined ? truth : { refusedFor: fault },
  };
}

function madeUpColumn(
  name: string,
  label: 'int32' | 'float32' | undefined,
  hasSchema: boolean,
  rng: Rng,
): MadeUpColumn {
  if (label) {
    const classes =
      hasSchema && label === 'int32' && rng.int(2) === 0 ? ['no', ['yes', 'Yes'], 'gr\u00fcn'] : undefined;
    if (!classes) {
      const declared = { name, kind: 'label', dtype: label } as const;
      return { name, role: 'label', declared, cell: () => (label === 'int32' ? wholeNumber(rng) : aNumber(rng)) };
    }
    const texts = classes.flatMap((each, i) => [each].flat().map((text) => ({ text, numbers: [i] })));
    return { name, role: 'label', declared: { name, kind: 'label', classes }, cell: () => ({ ...pick(texts, rng) }) };
  }
  const kind = hasSchema ? pick(['number', 'category', 'ignore'] as const, rng) : 'number';
  if (kind === 'ignore') {
    return { name, role: 'ignored', declared: { name, kind }, cell: () => ({ text: pick(WORDS, rng), numbers: [] }) };
  }
  const missing = () => ({ text: pick(MISSING, rng) });
  if (kind === 'category') {
    const values = shuffled(WORDS, rng).slice(0, 3);
    const cell = (): Cell => {
      const place = rng.int(values.length + 1);
      const numbers = values.map((_, i) => Number(i === place));
      return place < values.length ? { text: values[place] ?? '', numbers } : { ...missing(), numbers };
    };
    return { name, role: 'words', declared: { name, kind, values }, cell };
  }
  const [mean, deviation] = hasSchema ? [rng.int(40) / 8, (1 + rng.int(12)) / 4] : [0, 1];
  const cell = (): Cell => {
    if (hasSchema && rng.int(6) === 0) return { ...missing(), numbers: [0] };
    const { text, numbers } = aNumber(rng);
    return { text, numbers: numbers.map((value) => Math.fround((value - mean) / deviation)) };
  };
  return { name, role: 'number', declared: { name, kind, mean, deviation }, cell };
}

function wholeNumber(rng: Rng): Cell {
  const value = rng.int(5);
  return { text: pick([`${value}`, `+${value}`, `0${value}`, `${value}.0`, `${value}e0`], rng), numbers: [value] };
}

/** A number as people write it, in double precision where a schema is to change it. */
function aNumber(rng: Rng): Cell {
  const value = rng.int(20_000) - 10_000;
  const small = rng.int(1000);
  const [text, number] = pick(
    [
      [`${value}`, value],
      [(value / 8).toFixed(3), value / 8],
      [`${value}e3`, value * 1000],
      [`${value}E+30`, Number(BigInt(value) * 10n ** 30n)],
      [`.${String(small).padStart(3, '0')}`, small / 1000],
      [`+${small}.`, small],
      ['16777217', 16_777_217],
      ['-0', -0],
    ] as const,
    rng,
  );
  return { text, numbers: [number] };
}

/** Makes one mistake in a table that would change what is learned if it were read; answers which. */
function spoil(table: string[][], columns: readonly MadeUpColumn[], labelType: string, rng: Rng): string {
  const row = table[1 + rng.int(table.length - 1)] ?? [];
  const places = (role: MadeUpColumn['role']) => columns.flatMap((column, i) => (column.role === role ? [i] : []));
  const label = places('label')[0] ?? 0;
  const declared = columns[label]?.declared;
  const hasClasses = declared?.kind === 'label' && declared.classes !== undefined;
  const numbers = places('number');
  const words = places('words');
  const put = (place: number, texts: readonly string[]) => (row[place] = pick(texts, rng));
  const faults: Record<string, () => unknown> = {
    'a row that is too short': () => row.pop(),
    'a row that is too long': () => row.push('1'),
    'two columns of one name': () => ((table[0] ?? [])[0] = table[0]?.[1] ?? ''),
    'no rows': () => table.splice(1),
    'a quote that is not closed': () => undefined,
    'bytes that are no text': () => undefined,
    'a label that is none': () =>
      put(label, hasClasses ? ['maybe', '0', ''] : labelType === 'int32' ? WRONG_CLASSES : ['', ...WRONG_NUMBERS]),
    ...(numbers.length > 0 ? { 'a number that is none': () => put(pick(numbers, rng), WRONG_NUMBERS) } : {}),
    ...(words.length > 0 ? { 'a word that is no value': () => put(pick(words, rng), ['pink', 'RED', ' red_']) } : {}),
  };
  const name = pick(Object.keys(faults), rng);
  faults[name]?.();
  return name;
}

function written(table: readonly (readonly string[])[], separator: string, rng: Rng): string {
  const quotes = pick(['all', 'needed', 'some'], rng);
  const end = pick(['\n', '\r\n', '\r', 'mixed'], rng);
  const cell = (text: string) => {
    const isNeeded = /[",;|\t\r\n]/.test(text) || text.trim() !== text;
    if (isNeeded || quotes === 'all' || (quotes === 'some' && rng.int(3) === 0))
      return `"${text.replaceAll('"', '""')}"`;
    return separator !== '\t' && rng.int(8) === 0 ? ` ${text}  ` : text;
  };
  const lineEnd = () => (end === 'mixed' ? pick(['\n', '\r\n', '\r'], rng) : end);
  const lines = table.map((cells) => cells.map(cell).join(separator) + lineEnd() + (rng.int(9) === 0 ? lineEnd() : ''));
  return lines.join('');
}

function encoded(text: string, rng: Rng): Uint8Array {
  const kind = pick(['utf-8', 'utf-8', 'utf-8 with a mark', 'utf-16le', 'utf-16be'], rng);
  if (kind === 'utf-8') return Buffer.from(text);
  if (kind === 'utf-8 with a mark') return Buffer.from(`\ufeff${text}`);
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return kind === 'utf-16le' ? bytes : bytes.swap16();
}

export function pick<T>(from: readonly T[], rng: Rng): T {
  return from[rng.int(from.length)] as T;
}

export function shuffled<T>(all: readonly T[], rng: Rng): T[] {
  return Array.from(rng.permutation(all.length), (i) => all[i] as T);
}
