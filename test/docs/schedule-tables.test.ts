import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  accuracyTable,
  againstRival,
  renderScheduleBench,
  type BenchRun,
  type ScheduleBench,
} from '../../bench/schedules-render.js';

function run(schedule: string, partition: string, ...points: [number, number, number][]): BenchRun {
  const curve = points.map(([round, megabytes, testAccuracy]) => {
    return { round, trainingBytes: 1e6 * megabytes, testAccuracy };
  });
  return { schedule, partition, seconds: 1, samples: 7, points: curve };
}

const bench: ScheduleBench = {
  date: '2026-01-02',
  machine: 'a machine',
  node: 'v20',
  engine: 'an engine',
  settings: { task: 'mnist', clients: 10, epochs: 3, batch: 16, roundSteps: 10, evaluateEvery: 10, seed: 1 },
  runs: [
    run('splitfed-v2', 'iid', [10, 30, 0.5], [20, 60, 0.75], [30, 90, 0.9875]),
    run('fedavg', 'iid', [10, 20, 0.25], [20, 40, 0.5], [30, 60, 0.96]),
    run('centralised', 'iid', [10, 0, 0.75], [20, 0, 0.875], [30, 0, 0.98]),
    run('splitfed-v2', 'shards:2', [10, 31, 0.125], [20, 62, 0.25]),
  ],
};

describe('the tables of the schedules', () => {
  it('show the last accuracy, and how far it is from the baseline', () => {
    const lines = accuracyTable(bench).split('\n');
    expect(lines[2]).toMatch(/^\| `splitfed-v2` \|\s+98.75 % \(\+0.75\) \|\s+25.00 % \(−73.00\) \|$/);
    expect(lines[3]).toMatch(/^\| `fedavg` +\|\s+96.00 % \(−2.00\) \|\s+- \|$/);
    expect(lines[4]).toMatch(/98.00 % \|\s+- \|$/);
  });

  it('compare at equal rounds and at equal bytes, with what was reached by then', () => {
    const lines = againstRival(bench, 'iid', [10, 25])?.split('\n') ?? [];
    expect(lines[0]).toMatch(/round 10 \| round 25 \|\s+20 MB \|\s+40 MB/);
    expect(lines[2]).toMatch(/`splitfed-v2` \|\s+50.00 % \|\s+75.00 % \|\s+- \|\s+50.00 % \|$/);
    expect(lines[3]).toMatch(/`fedavg` +\|\s+25.00 % \|\s+50.00 % \|\s+25.00 % \|\s+50.00 % \|$/);
    expect(lines[4]).toMatch(/`centralised` \|\s+75.00 % \|\s+87.50 % \|\s+- \|\s+- \|$/);
    expect(againstRival(bench, 'shards:2', [10])).toBeUndefined();
  });

  it('stand in the docs as they were measured', async (context) => {
    const file = new URL('../../bench/results/schedules.json', import.meta.url);
    if (!existsSync(file)) return context.skip('nothing was measured yet');
    const measured = JSON.parse(await readFile(file, 'utf8')) as ScheduleBench;
    const folder = await mkdtemp(join(tmpdir(), 'tandem-'));
    const page = new URL('../../docs/topologies.md', import.meta.url);
    const copy = join(folder, 'topologies.md');
    await copyFile(page, copy);
    await renderScheduleBench(measured, pathToFileURL(`${folder}/`));
    expect(await readFile(copy, 'utf8')).toBe(await readFile(page, 'utf8'));
  });
});
