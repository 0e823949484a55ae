import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { combinations, measure } from '../../bench/metrics/measure.js';
import { inSection } from '../../bench/markdown.js';
import { kindTable, runTable, type MetricMatrix } from '../../bench/metrics/render.js';
import { columns, labelOf, outputOf } from '../../bench/metrics/tasks.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { decide } from '../../shared/metrics/decide.js';
import { judgedOf } from '../../shared/metrics/label-kind.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

/** Every kind of label, every place of the loss and every schedule occur; `npm run docs:metrics` runs all. */
const sample = combinations().flatMap((combination, i) =>
  columns
    .filter((_, column) => (column + 3 * i) % 7 === 0)
    .map((column) => ({ ...combination, column, title: column.title })),
);

describe('what a run measures', () => {
  it.each(sample)('is what it says: labels $title, $topology, $schedule', async ({ column, ...combination }) => {
    const judged = judgedOf(column.loss, labelOf(column), outputOf(column));
    const measured = await measure(column, combination, engine, 47);
    expect(measured.length).toBeGreaterThan(0);
    for (const { name, difference, declared } of measured) {
      const { how } = decide(name as 'auc', judged, combination.loss);
      expect(how, name).toBe(declared === null ? 'exact' : 'approximate');
      expect(difference, name).toBeLessThanOrEqual(declared === null ? 1e-6 : declared + 1e-12);
    }
  });
});

describe('docs/metrics.md', () => {
  it('is made of the table, and of runs of every combination that were measured', async () => {
    const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
    const matrix = JSON.parse(await read('bench/results/metrics.json')) as MetricMatrix;
    expect(matrix.runs.map(({ topology, schedule, labels }) => [topology, schedule, labels].join())).toEqual(
      combinations().flatMap(({ topology, schedule }) =>
        columns.map(({ title }) => [topology, schedule, title].join()),
      ),
    );
    const page = await read('docs/metrics.md');
    expect(inSection(page, 'metrics:kinds', kindTable())).toBe(page);
    expect(inSection(page, 'metrics:runs', runTable(matrix))).toBe(page);
  });

  it('cannot be made of a run that is not what it says', () => {
    const metrics = [{ name: 'auc', difference: 0.02, declared: 0.01 }];
    const run = { topology: 'vanilla', schedule: 'async', loss: 'server', labels: 'binary', metrics } as const;
    expect(() => runTable({ rows: 3, runs: [run] })).toThrow(/auc differs by 0.02/);
    expect(() =>
      runTable({ rows: 3, runs: [{ ...run, metrics: [{ name: 'f1', difference: NaN, declared: null }] }] }),
    ).toThrow(/f1 differs by NaN/);
  });
});
