import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSource } from '../../client/node/own/find-source.js';
import { lookAt } from '../../client/node/own/own-data.js';
import { decodeNpy } from '../../shared/data/npy.js';
import { folderOf } from '../helpers/temp-files.js';
import { npyFile, pictureFiles, soundFiles } from '../helpers/own-files.js';

/** Forty rows below a line of names, whose cells follow from the row's number. */
function table(head: string, line: (row: number) => string): string {
  return [head, ...Array.from({ length: 40 }, (_, row) => line(row))].join('\n') + '\n';
}

const answer = (row: number) => (row % 3 === 0 ? 'yes' : 'no');

async function look(files: Record<string, string | Uint8Array>, labels?: string, first = Object.keys(files)[0] ?? '') {
  const folder = await folderOf(files);
  return lookAt(await findSource(join(folder, first), labels && join(folder, labels)), {});
}

/** A .npy file of any type. */
function npy(descr: string, shape: string, values: Uint8Array): Uint8Array {
  const head = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117) + '\n';
  const bytes = new Uint8Array(128 + values.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  bytes.set(new TextEncoder().encode(head), 10);
  bytes.set(values, 128);
  return bytes;
}

describe('tables as people have them', () => {
  it('with decimal commas between semicolons, and words that have commas too', async () => {
    const text = table('betrag;ort;antwort', (row) => `${row},5;"Bath, ${row % 2}";${answer(row)}`);
    const { columns, notes, data, facts } = await look({ 'd.csv': text });
    expect(columns.map(({ name, what }) => `${name} ${what}`)).toEqual([
      'betrag number',
      'ort 2 words',
      'antwort label',
    ]);
    expect(notes).toContain('decimals are written with a comma');
    expect(facts).toContain("separator ';'");
    const { inputs } = await data.train.batch(Array.from({ length: data.train.size }, (_, row) => row));
    const first = Array.from(inputs[0]?.data ?? []).filter((_, i) => i % (inputs[0]?.shape[1] ?? 1) === 0);
    expect(first.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 4);
    expect(new Set(first).size).toBe(first.length);
  });

  it('in Latin-1, said, and read again as the schema says', async () => {
    const bytes = Uint8Array.from(
      table('stadt,jahre,antwort', (row) => `Z\u00fcrich${row % 2},${row * 7},${answer(row)}`),
      (letter) => letter.charCodeAt(0),
    );
    const { preparation, notes, facts } = await look({ 'd.csv': bytes });
    expect(facts).toContain('Windows-1252');
    expect(notes[0]).toContain('no UTF-8');
    expect(JSON.stringify(preparation)).toContain('"encoding":"windows-1252"');
    expect(JSON.stringify(preparation)).toContain('Z\u00fcrich1');
  });

  it.each([
    [
      'a column of row numbers without a name',
      ',age,answer',
      (row: number) => `${row},${row * 7},${answer(row)}`,
      'column 1',
    ],
    [
      'lines that end in a separator',
      'age,size,answer,',
      (row: number) => `${row * 7},${row % 5},${answer(row)},`,
      'column 4',
    ],
  ])('with %s', async (_, head, line, odd) => {
    const { columns } = await look({ 'd.csv': table(head, line) });
    expect(columns.find(({ name }) => name === odd)?.what).toBe('left out');
    expect(columns.find(({ name }) => name === 'answer')?.what).toBe('label');
  });

  it.each([
    ['', /has no rows/],
    ['a,b,c\n', /has no rows/],
    [table('a,a,c', (row) => `${row},${row * 2},${answer(row)}`), /two columns of the name 'a'/],
    [table('a,c', (row) => `${row === 4 ? 'inf' : row},${answer(row)}`), /1 other cells: 'inf'/],
    [table('a,name', (row) => `${row % 5},n${row}`), /40 different values in 40 rows/],
  ])('or not: %#', async (text, message) => {
    await expect(look({ 'd.csv': text })).rejects.toThrow(message);
  });
});

describe('arrays as people have them', () => {
  const rows = 30;
  const x = npyFile(
    [rows, 2],
    Float32Array.from({ length: 2 * rows }, (_, i) => (i === 7 ? NaN : i)),
  );
  const y = npyFile(
    [rows],
    Int32Array.from({ length: rows }, (_, i) => i % 2),
  );

  it('of half precision, both ends of it', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000);
    const { data } = decodeNpy(npy('<f2', '6,', new Uint8Array(bits.buffer)), 'x');
    expect([...data]).toEqual([1, -2, 2 ** -24, 65504, Infinity, -0]);
  });

  it('with words as labels, and gaps among numbers', async () => {
    const words = new Uint32Array(3 * rows);
    for (let i = 0; i < rows; i++)
      words.set(
        [...(i % 2 ? 'yes' : 'no')].map((letter) => letter.codePointAt(0) ?? 0),
        3 * i,
      );
    const labels = npy('<U3', `${rows},`, new Uint8Array(words.buffer));
    const { preparation, notes, data } = await look({ 'x.npy': x, 'y.npy': labels }, 'y.npy');
    expect(preparation).toMatchObject({ answer: { classes: ['no', 'yes'] } });
    expect(notes[0]).toBe('1 values are NaN: taken as the mean');
    const { inputs } = await data.train.batch(Array.from({ length: data.train.size }, (_, row) => row));
    expect(inputs[0]?.data.every((value) => Number.isFinite(value))).toBe(true);
  });

  it.each([
    ['objects', npy('|O', `${rows},`, new Uint8Array(8 * rows)), /it holds Python objects|'\|O'/],
    ['complex numbers', npy('<c8', `${rows},`, new Uint8Array(8 * rows)), /'<c8'/],
  ])('but no %s', async (_, labels, message) => {
    await expect(look({ 'x.npy': x, 'y.npy': labels }, 'y.npy')).rejects.toThrow(message);
  });

  it('and nothing infinite, said with its sample', async () => {
    const infinite = npyFile(
      [rows, 2],
      Float32Array.from({ length: 2 * rows }, (_, i) => (i === 9 ? Infinity : i)),
    );
    await expect(look({ 'x.npy': infinite, 'y.npy': y }, 'y.npy')).rejects.toThrow(/sample 4 holds Infinity/);
  });
});

describe('folders as people have them', () => {
  const some = (below: string, files: Record<string, Uint8Array>) =>
    Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`d/${below}${path}`, bytes]));
  const both = (first: string, second: string) => ({
    ...some(first, pictureFiles(6)),
    ...some(second, pictureFiles(2)),
  });

  it.each([
    ['in one folder more, as archives unpack', some('flowers/', pictureFiles(6)), 12, undefined],
    ['with parts in capitals', both('Train/', 'Test/'), 12, 4],
    ['with a validation part instead of a test', both('flowers/training/', 'flowers/val/'), 12, 4],
    ['sounds in one folder more', some('words/', soundFiles(6)), 12, undefined],
    ['sounds with parts', { ...some('train/', soundFiles(6)), ...some('valid/', soundFiles(2)) }, 12, 4],
  ])('%s', async (_, files, trained, tested) => {
    const { data } = await look(files, undefined, 'd');
    expect(data.train.size).toBe(trained);
    expect(data.test?.size).toBe(tested);
  });

  it('say what they leave out', async () => {
    const parts = { ...both('train/', 'test/'), ...some('val/', pictureFiles(1)), 'd/train/notes.txt': '-' };
    const { notes } = await look(parts, undefined, 'd');
    expect(notes).toContain('2 files in val left out: test is tested on');
    expect(notes).toContain('1 other file left out, such as train/notes.txt');
    const cut = Object.entries(soundFiles(6)).map(([path, bytes], i) => [
      `d/${path}`,
      i === 3 ? bytes.slice(0, -900) : bytes,
    ]);
    expect((await look(Object.fromEntries(cut) as Record<string, Uint8Array>, undefined, 'd')).notes).toContainEqual(
      expect.stringMatching(/^1 end before they should, such as .*\.wav/),
    );
    const rare = { ...some('', pictureFiles(6)), 'd/third/1.png': pictureFiles(1)['above/0.png'] ?? new Uint8Array() };
    expect((await look(rare, undefined, 'd')).notes).toContain("class 'third' has 1 sample: too few to learn it well");
  });

  it.each([
    ['one class', { 'd/cat/1.png': 'x', 'd/cat/2.png': 'x' }, /has one class, 'cat'/],
    ['one class of sounds', { 'd/a/1.wav': 'x' }, /has one class, 'a'/],
    [
      'a sound of another kind',
      { ...some('', soundFiles(2)), 'd/high/x.mp3': 'x' },
      /x\.mp3 is a sound that is no \.wav/,
    ],
    ['nothing but these', { 'd/a/1.ogg': 'x', 'd/b/1.ogg': 'x' }, /1\.ogg is a sound that is no \.wav/],
  ])('but not %s', async (_, files, message) => {
    await expect(look(files, undefined, 'd')).rejects.toThrow(message);
  });

  it.each([
    ['d.xlsx', /save the sheet as CSV/],
    ['d.jsonl', /to_csv/],
    ['d.csv.gz', /unpack it/],
    ['d.png', /one folder a class/],
  ])('and %s says what to do', async (name, action) => {
    await expect(look({ [name]: 'x' })).rejects.toMatchObject({ action: expect.stringMatching(action) as string });
  });
});

describe('arrays that are no rows', () => {
  const labels = (rows: number) =>
    npyFile(
      [rows],
      Float64Array.from({ length: rows }, (_, i) => i % 2),
    );

  it.each([
    ['channels first', npyFile([20, 3, 9, 9], new Uint8Array(20 * 243)), labels(20), /with the channels first/],
    ['nothing', npyFile([0, 3], new Float32Array(0)), labels(0), /hold no samples/],
    [
      'labels that are NaN',
      npyFile([20, 1], new Float32Array(20)),
      npyFile(
        [20],
        Float64Array.from({ length: 20 }, (_, i) => (i === 6 ? NaN : i % 2)),
      ),
      /label of sample 6 is NaN/,
    ],
  ])('are refused: %s', async (_, x, y, message) => {
    await expect(look({ 'x.npy': x, 'y.npy': y }, 'y.npy')).rejects.toThrow(message);
  });
});

describe('links in a folder', () => {
  it.each([
    ['pictures', pictureFiles(3), 'images'],
    ['sounds', soundFiles(3), 'sound'],
  ] as const)('are followed: to %s, and to a folder of them', async (_what, files, kind) => {
    const real = await folderOf(files);
    const linked = await folderOf({});
    for (const path of Object.keys(files)) {
      await mkdir(join(linked, 'files', path, '..'), { recursive: true });
      await symlink(join(real, path), join(linked, 'files', path));
    }
    await symlink(real, join(linked, 'folder'));
    expect((await findSource(join(linked, 'files'))).kind).toBe(kind);
    expect((await findSource(join(linked, 'folder'))).kind).toBe(kind);
  });
});
