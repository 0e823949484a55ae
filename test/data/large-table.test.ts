import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeLarge, lookAtLargeTable, testedOneIn } from '../../client/node/own/large-table.js';
import { streamCsv } from '../../client/node/data/stream-csv.js';
import { parseCsv } from '../../shared/data/csv.js';
import { originOf, type Dataset } from '../../shared/data/dataset.js';
import { encodeTable } from '../../shared/data/encode-table.js';
import { folderOf } from '../helpers/temp-files.js';
import { mixedTable } from '../helpers/own-tables.js';
import { wholeSuite } from '../helpers/whole-suite.js';

async function valuesOf(dataset: Dataset) {
  const rows = Array.from({ length: dataset.size }, (_, row) => row);
  const { inputs, labels } = await dataset.batch(rows);
  return { inputs: inputs[0], labels: labels[0], origins: rows.map((row) => originOf(dataset, row)) };
}

describe('a table that is read as it comes', () => {
  it('becomes the numbers that it becomes at once, and one row in five is kept', async () => {
    const text = mixedTable(3000).replace(/(1007,.*,)\w+\n/, '$1\n');
    const folder = await folderOf({ 'd.csv': text });
    const path = join(folder, 'd.csv');
    const looked = await lookAtLargeTable(path, {});
    if (looked.preparation.kind !== 'table') throw new Error('it is a table');
    const { rows } = await parseCsv(new TextEncoder().encode(text), 'd');
    const whole = encodeTable(looked.preparation.table, rows, 'd');
    expect(whole.size).toBe(2999);
    expect(looked.notes).toContain('1 rows have no label and are left out');
    for (const part of [looked.data.train, looked.data.test]) {
      if (!part) throw new Error('there is a part to test on');
      const { origins, ...values } = await valuesOf(part);
      const { inputs, labels } = await whole.batch(origins);
      expect(values).toEqual({ inputs: inputs[0], labels: labels[0] });
    }
    expect(looked.data.test?.size).toBeGreaterThan(500);
    expect(looked.data.test?.size).toBeLessThan(700);
    const again = await encodeLarge(path, looked.preparation.table);
    expect((await valuesOf(again.train)).inputs).toEqual((await valuesOf(looked.data.train)).inputs);
  });

  it('is tested on no more rows than tell something, and says how far it is', async () => {
    const path = join(await folderOf({ 'd.csv': mixedTable(1000) }), 'd.csv');
    expect(await testedOneIn(path)).toBe(5);
    const oneIn = await testedOneIn(path, 10);
    expect(oneIn).toBeGreaterThan(80);
    expect(oneIn).toBeLessThan(120);
    const said: [string, number][] = [];
    await lookAtLargeTable(path, { onReading: (...each) => said.push(each) });
    expect(said.map(([what]) => what.split(' ')[0])).toEqual(['looking', 'reading']);
    expect(said.map(([, share]) => share)).toEqual([1, 1]);
  });

  it('is cut as the reader of small files cuts it, wherever chunks end', async () => {
    const odd = '\ufeffa,b,c\r\n1,"two\r\nlines, and ""quotes""",x\r\n\r\n 3 , , y \n5,"",z\r7,é,"q"';
    // Chunks are 131,072 bytes long; so many blanks move their ends through the rows.
    for (const before of [0, ...Array.from({ length: 12 }, (_, i) => 131_028 + 4 * i)]) {
      const text = odd.replace('1,"two', `${' '.repeat(before)}1,"two`);
      const folder = await folderOf({ 'd.csv': text });
      const found: (readonly string[])[] = [];
      const lines: number[] = [];
      for await (const some of streamCsv(join(folder, 'd.csv'), { separator: ',' })) {
        found.push(...some.rows);
        lines.push(...some.lines);
      }
      const wanted = await parseCsv(new TextEncoder().encode(text), 'd');
      expect(found.map((row) => row.map((cell) => cell.replaceAll('\r\n', '\n')))).toEqual(
        wanted.rows.map((row) => row.map((cell) => cell.replaceAll('\r\n', '\n'))),
      );
      expect(lines).toEqual(wanted.lines);
    }
  });

  it.each([
    ['a,b\n1,2\n3\n', /line 3: it has 1 cells, the first line 2/],
    ['a,b\n1,"2\n3,4\n', /line 2/],
    ['a,b\n1,2"x\n', /line 2/],
  ])('names the line that is wrong: %#', async (text, message) => {
    const folder = await folderOf({ 'd.csv': text });
    const reading = async () => {
      for await (const _ of streamCsv(join(folder, 'd.csv'), { separator: ',' }));
    };
    await expect(reading()).rejects.toThrow(message);
  });

  it.runIf(wholeSuite)('takes less memory than its cells would', async () => {
    const folder = await folderOf({});
    const path = join(folder, 'd.csv');
    const [head = '', ...lines] = mixedTable(20_000).trimEnd().split('\n');
    const block = `${lines.join('\n')}\n`;
    const file = createWriteStream(path);
    file.write(`${head}\n`);
    const times = Math.ceil(24_000_000 / block.length);
    for (let i = 0; i < times; i++) if (!file.write(block)) await once(file, 'drain');
    file.end();
    await once(file, 'finish');
    const module = new URL('../../dist/client/node/own/large-table.js', import.meta.url).href;
    const script = `const { lookAtLargeTable } = await import('${module}');
      const { rows } = await lookAtLargeTable('${path}', {});
      console.log(JSON.stringify([rows, process.resourceUsage().maxRSS]));`;
    const args = ['--max-old-space-size=96', '--input-type=module', '-e', script];
    const [rows = 0, kilobytes = 0] = JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8' }),
    ) as number[];
    expect(rows).toBeGreaterThan(0.78 * 20_000 * times);
    // Read at once, the cells of 24 MB take more than this heap has.
    expect(kilobytes).toBeLessThan(260_000);
  });
});
