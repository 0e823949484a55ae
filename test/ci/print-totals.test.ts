import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const script = new URL('../../.ci/print-totals.js', import.meta.url).pathname;
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tandem-totals-'))));
afterAll(() => rm(folder, { recursive: true }));

async function printed(...reports: (object | string | null)[]) {
  const files = reports.map((_, i) => join(folder, `${i}.json`));
  for (const [i, report] of reports.entries()) {
    const file = files[i] ?? '';
    await rm(file, { force: true });
    if (report !== null) await writeFile(file, typeof report === 'string' ? report : JSON.stringify(report));
  }
  const { stdout, status } = spawnSync(process.execPath, [script, ...files], { encoding: 'utf8' });
  return { lines: stdout.trimEnd().split('\n'), status };
}

async function totalsOf(...reports: (object | string | null)[]) {
  const { lines, status } = await printed(...reports);
  return [lines.at(-1), status];
}

const report = (numPassedTests: number, numFailedTests = 0, numPendingTests = 0, success = numFailedTests === 0) => ({
  numPassedTests,
  numFailedTests,
  numPendingTests,
  success,
});

describe('the totals of a check of everything', () => {
  it('add up all reports', async () => {
    expect(await totalsOf(report(40), report(2))).toEqual(['42 passed, 0 failed', 0]);
  });

  it.each([
    ['a test fails in one', [report(40), report(2, 3)], '42 passed, 3 failed'],
    ['a test is left out', [report(40, 0, 1), report(2)], '42 passed, 1 failed'],
    ['a report is missing', [report(40), null], '40 passed, 1 failed'],
    ['a report is torn', [report(40), '{"numPassed'], '40 passed, 1 failed'],
    ['a report is empty', [report(0), report(2)], '2 passed, 1 failed'],
    ['a file of tests does not load', [report(40, 0, 0, false), report(2)], '42 passed, 1 failed'],
  ])('fail when %s', async (_, reports, line) => {
    expect(await totalsOf(...reports)).toEqual([line, 1]);
  });

  it('come after the name of each test that did not pass', async () => {
    const name = join(process.cwd(), 'test/odd.test.ts');
    const results = [
      { status: 'passed', fullName: 'is even', failureMessages: [] },
      { status: 'failed', fullName: 'is odd', duration: 12.3, failureMessages: ['AssertionError: 4 is not odd'] },
      { status: 'skipped', fullName: 'is either', failureMessages: [] },
    ];
    const { lines } = await printed({ ...report(1, 1, 1), testResults: [{ name, assertionResults: results }] });
    expect(lines).toEqual([
      'failed: test/odd.test.ts > is odd (12 ms)',
      'AssertionError: 4 is not odd',
      'skipped: test/odd.test.ts > is either (0 ms)',
      '1 passed, 2 failed',
    ]);
  });
});
