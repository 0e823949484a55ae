import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { median, momenta, withAverages, type AveragesBench } from '../../bench/averages-render.js';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const bench = JSON.parse(await read('bench/results/averages.json')) as AveragesBench;

describe('the table of batch normalisation in short runs', () => {
  it('stands in the docs as it was measured', async () => {
    const page = await read('docs/tasks.md');
    expect(withAverages(page, bench)).toBe(page);
  });

  it('has every schedule within a point of the quicker momentum, exported and predicting as evaluated', () => {
    const usual = bench.runs.filter(({ momentum }) => momentum === momenta.usual);
    expect(usual.length).toBeGreaterThanOrEqual(8);
    for (const { schedule, evaluated, exported, predicted, resumedAlike } of usual) {
      const quick = bench.runs.find((run) => run.schedule === schedule && run.momentum === momenta.quick);
      expect(Math.abs(median(evaluated) - median(quick?.evaluated)), schedule).toBeLessThanOrEqual(0.01);
      // Under splitfed-v3 clients are evaluated with bottoms of their own, and what is saved is made of all.
      const near = (accuracy: number, seed: number) =>
        expect(Math.abs(accuracy - (evaluated[seed] ?? NaN)), schedule).toBeLessThan(0.002);
      exported.forEach(near);
      if (predicted === null) continue;
      expect(Math.abs(median(predicted) - median(quick?.evaluated)), schedule).toBeLessThanOrEqual(0.01);
      // Where steps come in the order of their arrival, another run has other weights.
      if (resumedAlike === null) continue;
      predicted.forEach(near);
      expect(resumedAlike, schedule).toBe(bench.seeds.length);
    }
  });
});
