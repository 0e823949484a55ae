import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAsked } from '../../client/node/own/asked-data.js';
import { findSource } from '../../client/node/own/find-source.js';
import { encodeLarge, lookAtLargeTable } from '../../client/node/own/large-table.js';
import { lookAt, readOwn } from '../../client/node/own/own-data.js';
import { parseCsv } from '../../shared/data/csv.js';
import { folderOf } from '../helpers/temp-files.js';

/** Rows of an age, a work and an answer, which ends as it is said. */
function people(end = ''): string {
  const rows = Array.from({ length: 40 }, (_, row) => {
    const answer = row % 3 === 0 ? 'yes' : 'no';
    return `${18 + ((row * 7) % 50)},${['clerk', 'nurse'][row % 2] ?? ''},${answer}${end}`;
  });
  return `${rows.join('\n')}\n`;
}

const says = (mark: string) => `lines that begin with '${mark}', as the first one does, are left out`;

describe('a remark above a table', () => {
  it.each([
    ['|', '|1x3 Cross validator\n', people()],
    ['#', '\n# exported on 2024-05-01\n# by hand, twice, in Bath, at night\n', `age,work,answer\n${people()}`],
    ['%', '% Titel\r\n', `alter;beruf;antwort\n${people().replaceAll(',', ';')}`],
  ])('%s is left out and said, whatever the size of the file', async (mark, above, table) => {
    const folder = await folderOf({ 'with.csv': above + table, 'without.csv': table });
    const [source, bare] = await Promise.all(['with.csv', 'without.csv'].map((name) => findSource(join(folder, name))));
    const { preparation, data, notes } = await lookAt(source!, {});
    expect(notes).toContain(says(mark));
    const rows = [...Array(data.train.size).keys()];
    const expected = await (await lookAt(bare!, {})).data.train.batch(rows);
    expect(await data.train.batch(rows)).toEqual(expected);
    expect(await (await readOwn(source!, preparation)).train.batch(rows)).toEqual(expected);
    const large = await lookAtLargeTable(join(folder, 'with.csv'), {});
    expect(large.notes).toContain(says(mark));
    expect(large.data.train.size + (large.data.test?.size ?? 0)).toBe(40);
    if (large.preparation.kind === 'table')
      expect((await encodeLarge(join(folder, 'with.csv'), large.preparation.table)).train.size).toBe(
        large.data.train.size,
      );
  });

  it.each([
    ['a first column that is called so', '#id,age\n1,2\n3,4\n'],
    ['an empty cell between strokes', '|a|b\n1|2|3\n'],
    ['a share', '%,age\n5,2\n'],
  ])('is not %s', async (_, text) => {
    const { rows, remarks } = await parseCsv(new TextEncoder().encode(text), 'x');
    expect(remarks).toBeUndefined();
    expect(rows).toHaveLength(text.trim().split('\n').length);
  });
});

it('Windows-1252 has its euros, dashes and quotes, whatever the size of the file', async () => {
  const lines = Array.from(
    { length: 40 },
    (_, row) => `${(row * row * 37) % 997} \x80;\x84${row % 3}\x93\x96\xfc;${row % 2}`,
  );
  const bytes = Uint8Array.from(`preis \x80;wort;antwort\n${lines.join('\n')}\n`, (letter) => letter.charCodeAt(0));
  const path = join(await folderOf({ 'd.csv': bytes }), 'd.csv');
  const found = await lookAt(await findSource(path), {});
  expect(found.columns.map(({ name, what }) => `${name}: ${what}`)).toEqual([
    'preis \u20ac: number',
    'wort: 3 words',
    'antwort: label',
  ]);
  expect(JSON.stringify(found.preparation)).toContain('\u201e1\u201c\u2013\u00fc');
  expect((await lookAtLargeTable(path, {})).preparation).toMatchObject({
    table: { columns: [{ name: 'preis \u20ac', kind: 'number' }, {}, {}] },
  });
});

it('a table like adult.test is tested on beside its adult.data, trained alone, and asked about', async () => {
  const test = `|1x3 Cross validator\n${people('.')}`;
  const folder = await folderOf({ 'x.data': people(), 'x.test': test, 'alone/y.test': test, 'only/z.data': people() });
  const { data, notes } = await lookAt(await findSource(join(folder, 'x.data')), {});
  expect(data.test?.size).toBe(40);
  expect(notes.join('\n')).toMatch(/x\.test: lines that begin with '\|'.*(.*\n)*'yes\.' in .*x\.test counts as 'yes'/);
  const alone = await findSource(join(folder, 'alone/y.test'));
  expect((await lookAt(alone, {})).columns.at(-1)?.detail).toMatch(/2 classes: no\. .*yes\. /);
  const plain = await lookAt(await findSource(join(folder, 'only/z.data')), {});
  const asked = await readAsked(alone, plain.preparation);
  expect(asked.hasLabels).toBe(true);
  expect([0, 1, 2, 3].map((row) => asked.label(row))).toEqual([1, 0, 0, 1]);
  expect(asked.notes).toContainEqual(expect.stringMatching(/'no\.' in .*y\.test counts as 'no'/));
});
