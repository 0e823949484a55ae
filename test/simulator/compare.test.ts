import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparisonPage } from '../../cli/compare-page.js';
import { compareOne } from '../../simulator/compare.js';
import { variantsOf } from '../../simulator/variants.js';
import { simulate } from '../../simulator/simulate.js';
import { lastLine, runCommand } from '../helpers/run-cli.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const base = { task: tinyTask, data: tinyData(), clients: 3, seed: 5, engine: 'tfjs', transport: 'loopback' } as const;

describe('a comparison', () => {
  it('runs every combination, the first variation slowest', () => {
    const variants = variantsOf({ schedule: ['sequential', 'splitfed-v2'], batch: [5, 9] });
    expect(variants.map(({ name }) => name)).toEqual([
      'schedule=sequential, batch=5',
      'schedule=sequential, batch=9',
      'schedule=splitfed-v2, batch=5',
      'schedule=splitfed-v2, batch=9',
    ]);
    expect(variants[3]?.options).toEqual({ schedule: 'splitfed-v2', batch: 9 });
  });

  it('is made of the runs that simulate would do', async () => {
    const [variant] = variantsOf({ schedule: ['sequential'] });
    const compared = await compareOne(base, variant ?? { name: '', options: {} });
    const { summary } = await simulate({ ...base, schedule: 'sequential' });
    expect(compared.summary?.weightsHash).toBe(summary.weightsHash);
    // 41 samples seen twice by three clients, 27 multiply-adds below the cut.
    expect(compared).toMatchObject({ rounds: 2, refusal: null, clientGflop: (6 * 27 * 82) / 3 / 1e9 });
    expect(compared.losses).toHaveLength(summary.steps);
  });

  it('lists what makes no sense with the reason, and shows it as text', async () => {
    const options = { partition: 'shards:<b>' };
    const compared = await compareOne(base, { name: 'partition=shards:<b>', options });
    expect(compared.summary).toBeNull();
    expect(compared.refusal).toMatch(/unknown partition 'shards:<b>'/);
    const page = comparisonPage('odd & even', [compared]);
    expect(page).toContain("refused: unknown partition 'shards:&lt;b&gt;");
    expect(page).toContain('<h1>odd &amp; even</h1>');
    expect(page).not.toContain('<b>');
  });

  it('draws a curve and a row for each run', async () => {
    const runs = [];
    for (const variant of variantsOf({ schedule: ['splitfed-v2', 'centralised'] })) {
      runs.push(await compareOne(base, variant));
    }
    const page = comparisonPage('two runs', runs);
    expect(page.match(/<polyline/g)).toHaveLength(2);
    expect(page.match(/<tr><th><span/g)).toHaveLength(2);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.runIf(wholeSuite)('goes on where it was stopped, and refuses a folder of another comparison', async () => {
    const out = join(await mkdtemp(join(tmpdir(), 'tandem-')), 'runs');
    const flags = ['compare', '--task', 'mnist-mlp', '--limit', '130', '--clients', '2', '--out', out, '--json'];
    const one = await runCommand(...flags, '--over', 'schedule=sequential');
    expect(one.code).toBe(0);
    const [first] = lastLine(one.stdout).runs as unknown[];
    // Another run does not cost the file those it does not ask for.
    await runCommand(...flags, '--over', 'schedule=centralised');
    const file = JSON.parse(await readFile(join(out, 'comparison.json'), 'utf8')) as { runs: unknown[] };
    expect(file.runs).toEqual([expect.objectContaining({ name: 'schedule=centralised' }), first]);
    const two = await runCommand(...flags, '--over', 'schedule=sequential,centralised');
    expect(two.stderr).toMatch(/schedule=sequential, done before/);
    expect((lastLine(two.stdout).runs as unknown[])[0]).toEqual(first);
    expect(await readFile(join(out, 'comparison.html'), 'utf8')).toContain('schedule=centralised');
    const other = await runCommand(...flags, '--seed', '7', '--over', 'schedule=sequential');
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/holds a comparison with other flags/);
  });
});
