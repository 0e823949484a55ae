import { describe, expect, it } from 'vitest';
import { BatchOrder } from '../../shared/data/batch-order.js';
import { dealData } from '../../shared/data/partition.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { maxAbsDifference } from '../../shared/ndarray.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { UndividedModel } from '../../simulator/undivided.js';
import { joinBatches } from '../helpers/join-batches.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** Cut twice: clients may hold one segment, or two. */
const task = { ...tinyTask, cut: 'wide,hidden' };
const data = tinyData(63, 5);

function run(options: Partial<SimulateOptions> = {}) {
  const settings = { clients: 3, epochs: 3, seed: 17, engine: 'tfjs', transport: 'loopback' } as const;
  return simulate({ task, data, ...settings, ...options });
}

describe.each(['splitfed-v1', 'splitfed-v2', 'async'])('different cuts under %s', (schedule) => {
  it.each([1, 2])('make no difference to one client that holds %i segments', async (segments) => {
    const one = { clients: 1, roundSteps: 4, schedule };
    const divided = await run({ ...one, clientSegments: [segments] });
    const whole = await run({ ...one, schedule: 'centralised', roundSteps: undefined });
    expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
    expect(divided.summary.testLoss).toBe(whole.summary.testLoss);
  });

  it('train together', async () => {
    const losses: number[] = [];
    const { summary } = await run({
      schedule,
      clientSegments: [1, 2, 1],
      epochs: 9,
      onEvent: (event) => event.kind === 'step' && losses.push(event.loss),
    });
    expect(summary).toMatchObject({ steps: 81, samples: 567 });
    expect(mean(losses.slice(-9))).toBeLessThan(0.75 * mean(losses.slice(0, 9)));
    expect(summary.testAccuracy).toBeGreaterThan(0.6);
  });
});

describe('splitfed-v1 with one step a round and SGD', () => {
  it.each([[[1, 2, 1]], [[2, 1, 2]], [[2, 2, 2]]])(
    'is large-batch SGD for clients with %o segments',
    async (segments) => {
      const plain = { ...task, optimizer: sgd(0.3) };
      const settings = { clients: 3, partition: 'iid', seed: 23, limit: undefined };
      const options = { ...settings, task: plain, schedule: 'splitfed-v1', roundSteps: 1, epochs: 2 };
      const { trained } = await run({ ...options, clientSegments: segments });
      const whole = await UndividedModel.create(plain, settings.seed);
      const parts = dealData(data, settings).map(({ train }, client) => ({
        train,
        order: new BatchOrder({ size: train.size, batch: 7, seed: settings.seed, client }),
      }));
      for (let step = 0; step < 2 * 3; step++) {
        const batches = await Promise.all(parts.map(async ({ train, order }) => train.batch(order.rows(step))));
        await whole.step(joinBatches(batches), step);
      }
      const { values } = await whole.weights();
      whole.dispose();
      expect(trained.weights).toHaveLength(values.length);
      const differences = values.map((weight, i) => maxAbsDifference(weight, trained.weights[i] ?? weight));
      expect(Math.max(...differences)).toBeLessThan(1e-5);
    },
  );
});

describe('what makes no sense is refused with the reason', () => {
  it.each<[Partial<SimulateOptions>, RegExp]>([
    [{ schedule: 'sequential' }, /'sequential' does not average the bottoms/],
    [{ schedule: 'splitfed-v3' }, /'splitfed-v3' does not average the bottoms/],
    [{ schedule: 'centralised' }, /divides nothing between clients and server/],
    [{ topology: 'u-shaped' }, /'u-shaped' gives the top to every client/],
    [{ topology: 'multi-hop' }, /'multi-hop' leaves the server no segment to give away/],
    [
      { schedule: 'splitfed-v2', aggregation: 'median' },
      /no replica of each client, which aggregation 'median' compares/,
    ],
    [{ clientSegments: [1, 2] }, /clientSegments lists 2 clients, the run has 3/],
    [{ clientSegments: [1, 3, 1] }, /hold 3 segments, this run gives 1 to 2/],
    [{ task: tinyTask }, /hold 2 segments, this run gives 1 to 1/],
  ])('%o', async (options, message) => {
    await expect(run({ clientSegments: [1, 2, 1], ...options })).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });

  it('but splitfed-v1 has a replica of each client for every rule', async () => {
    const { summary } = await run({
      schedule: 'splitfed-v1',
      aggregation: 'median',
      clientSegments: [1, 2, 1],
      epochs: 1,
    });
    expect(summary.steps).toBe(9);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
