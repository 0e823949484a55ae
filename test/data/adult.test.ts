import { describe, expect, it } from 'vitest';
import { loadTable } from '../../client/node/data/table.js';
import { encodeTable } from '../../shared/data/encode-table.js';
import { tableWidth } from '../../shared/data/table.js';
import { adult as task } from '../../shared/tasks/adult.js';
import { adultTable } from '../../shared/tasks/adult-table.js';
import { simulate } from '../../simulator/simulate.js';
import { adult, needs } from '../helpers/outside.js';
import { lastLine, runCommand } from '../helpers/run-cli.js';
import { someOf, wholeSuite } from '../helpers/whole-suite.js';

describe('the task adult', () => {
  it('encodes a row of either file, with an input for what is missing', async () => {
    const rows = [
      '18, ?, 103497, Some-college, 10, Never-married, ?, Own-child, White, Female, 0, 0, 30, United-States, <=50K.',
      '52, Self-emp-inc, 287927, HS-grad, 9, Divorced, ?, Wife, Black, Male, 15024, 0, 40, ?, >50K',
    ].map((line) => line.split(', '));
    const data = encodeTable(adultTable, rows, 'adult');
    const { inputs, labels } = await data.batch([0, 1]);
    const width = tableWidth(adultTable);
    expect(width).toBe(6 + 9 + 16 + 7 + 15 + 6 + 5 + 2 + 42);
    expect([...(labels[0]?.data ?? [])]).toEqual([0, 1]);
    for (const row of [0, 1]) {
      // Each of the eight text columns has one value.
      const ones = inputs[0]?.data.slice(row * width, (row + 1) * width).filter((value: number) => value === 1);
      expect(ones?.length).toBe(8);
    }
    expect(inputs[0]?.data[0]).toBeCloseTo((18 - 38.5816) / 13.6402, 5);
  });

  it('learns to rank the whole table', async (context) => {
    needs(context, adult);
    const data = await loadTable(adult.path, adultTable);
    expect([data.train.size, data.test?.size]).toEqual([32_561, 16_281]);
    const { summary } = await simulate({ task, data, schedule: 'centralised' });
    expect(summary.metrics.auc).toBeGreaterThan(0.9);
    expect(summary.testAccuracy).toBeGreaterThan(0.85);
    expect(summary.metrics.f1).toBeGreaterThan(0.64);
  });

  it.runIf(wholeSuite)('trains with four clients from the command line', async (context) => {
    needs(context, adult);
    const flags = ['--task', 'adult', '--data', adult.path, '--clients', '4', '--epochs', '1', '--json'];
    const { code, stdout } = await runCommand('simulate', ...flags);
    expect(code).toBe(0);
    const { metrics } = lastLine(stdout) as { metrics: { auc: number; confusionMatrix: number[][] } };
    expect(metrics.auc).toBeGreaterThan(0.88);
    expect(metrics.confusionMatrix.flat().reduce((sum, count) => sum + count)).toBe(16_281);
  });

  it.each(someOf([[[]], [['--data', 'nowhere.csv']], [['--data', 'adult:nowhere.data']]], 1))(
    'says where the table is to be had with %j',
    async (data) => {
      const { code, stderr } = await runCommand('simulate', '--task', 'adult', ...data);
      expect(stderr).toMatch(/UCI Adult table.*download it from https:\/\/archive\.ics\.uci\.edu\/dataset\/2\/adult/);
      expect(code).toBe(1);
    },
  );
});
