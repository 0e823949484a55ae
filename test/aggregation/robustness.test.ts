import { beforeAll, describe, expect, it } from 'vitest';
import { hostileRun } from '../../bench/hostile-run.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { simulate } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const seed = 23;
// A bottom of one layer: in two, flipped signs would cancel each other.
const task = { ...tinyTask, cut: 'wide' };
const settings = { task, data: tinyData(350, 5), clients: 10, epochs: 6, seed };
let loadedEngine: Engine;

beforeAll(async () => {
  loadedEngine = await chooseEngine('tfjs');
});

async function accuracy(aggregation: string, hostile: number): Promise<number> {
  const { summary } = await hostileRun({ ...settings, loadedEngine, aggregation, hostile, factor: -10 });
  expect(summary).toMatchObject({ aggregation, clients: 10, steps: 300 });
  return summary.testAccuracy ?? NaN;
}

describe('two of ten clients that send sign-flipped bottoms, ten times too long', () => {
  it('are the only difference to a simulated run', async () => {
    const { summary } = await hostileRun({ ...settings, loadedEngine, hostile: 0, factor: -10 });
    const plain = await simulate({ ...settings, loadedEngine, transport: 'loopback' });
    expect(summary.weightsHash).toBe(plain.summary.weightsHash);
    expect(summary.testAccuracy).toBeGreaterThan(0.9);
  });

  it('break the mean', async () => {
    expect(await accuracy('mean', 2), `seed ${seed}`).toBeLessThan(0.7);
  });

  it
    .runIf(wholeSuite)
    .each(wholeSuite ? ['trimmed-mean:0.2', 'median', 'multi-krum:2', 'krum:2'] : ['median', 'krum:2'])(
    'do not break %s',
    async (rule) => {
      expect(await accuracy(rule, 2), `seed ${seed}`).toBeGreaterThan(0.9);
    },
  );
});
