import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { markdownTable, writeSection } from '../../bench/markdown.js';
import { refuseNonsense, writeResult } from '../../bench/results.js';

const PAGE = 'before\n<!-- bench:x begin -->\n\n| run | 7 |\n\n<!-- bench:x end -->\nafter\n';

async function written(content: string): Promise<string> {
  const page = join(await mkdtemp(join(tmpdir(), 'tandem-')), 'page.md');
  await writeFile(page, PAGE);
  await writeSection(pathToFileURL(page), 'bench:x', content).catch(() => undefined);
  return readFile(page, 'utf8');
}

describe('a figure that is none', () => {
  it.each([
    markdownTable([
      ['net', 'rate'],
      ['cnn', NaN.toLocaleString('en')],
    ]),
    markdownTable([
      ['net', 'rate'],
      ['cnn', `${(1 / 0).toFixed(2)} x`],
    ]),
    `The worst was ${NaN.toFixed(1)} ms.`,
    `It took ${String(undefined)} s, 3 % of all.`,
  ])('leaves a page as it was: %s', async (content) => {
    expect(await written(content)).toBe(PAGE);
  });

  it('is not what a page says of data', async () => {
    const words = 'Check the data for NaN, infinities and values that are `undefined`; 12 ms';
    expect(await written(words)).toContain(words);
  });

  it.each([{ runs: [{ rate: NaN }] }, { a: { b: [1, Infinity] } }])('is written down nowhere', async (result) => {
    await expect(writeResult('no-such-bench', result)).rejects.toThrow(
      /no-such-bench\.(runs\.0\.rate|a\.b\.1) is .*nothing is written/,
    );
    expect(() => refuseNonsense({ peer: null, runs: [0, -1.5] }, 'x')).not.toThrow();
  });
});
