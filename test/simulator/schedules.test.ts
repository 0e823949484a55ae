import { describe, expect, it } from 'vitest';
import { BatchOrder } from '../../shared/data/batch-order.js';
import { dealData } from '../../shared/data/partition.js';
import { sgd } from '../../shared/engine/optimizer.js';
import type { RunEvent } from '../../shared/events.js';
import { maxAbsDifference, ndarray, type NdArray } from '../../shared/ndarray.js';
import { findSchedule, isUndivided, scheduleNames } from '../../shared/schedules.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { UndividedModel } from '../../simulator/undivided.js';
import { slowData } from '../helpers/slow-data.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const data = tinyData(63, 5);
// Where all take each step together, each has features of its own: see vertical.test.ts.
const schedules = scheduleNames.map(findSchedule).filter(({ clients }) => clients !== 'together');
const networked = schedules.filter(({ clients }) => clients !== 'none');

async function run(options: Partial<SimulateOptions> = {}) {
  const events: RunEvent[] = [];
  const result = await simulate({
    task: tinyTask,
    data,
    clients: 3,
    epochs: 9,
    seed: 17,
    engine: 'tfjs',
    transport: 'loopback',
    onEvent: (event) => events.push(event),
    ...options,
  });
  const losses = events.flatMap((event) => (event.kind === 'step' ? [event.loss] : []));
  const rounds = events.filter(({ kind }) => kind === 'aggregated').length;
  return { ...result, losses, rounds, events };
}

describe.each(schedules)('the schedule $name', (schedule) => {
  const { name, clients, bottoms, auxiliary = false } = schedule;

  it('trains: the loss falls, every step and sample is counted', async () => {
    const { summary, losses } = await run({ schedule: name });
    // 63 samples in batches of 7, nine times over, however they are dealt.
    expect(summary).toMatchObject({ schedule: name, steps: 81, samples: 567 });
    expect(losses).toHaveLength(81);
    expect(mean(losses.slice(-9))).toBeLessThan(0.7 * mean(losses.slice(0, 9)));
    expect(summary.testAccuracy).toBeGreaterThan(0.6);
  });

  it('counts its messages', async () => {
    const { summary, rounds } = await run({ schedule: name, epochs: 2 });
    const { up, down, labels, weights } = summary.bytes;
    const crosses = clients !== 'none' && !isUndivided(schedule);
    const tensors = crosses ? 4 * 5 * (2 * 63 + 13) : 0;
    expect(labels).toBe(tensors / 5);
    expect(up).toBeGreaterThanOrEqual(tensors);
    expect(up === 0).toBe(!crosses);
    const gradients = crosses && !auxiliary ? 4 * 5 * 2 * 63 : 0;
    // Predictions come down too: three values a sample.
    const predictions = crosses ? 4 * 3 * 13 : 0;
    expect(down).toBeGreaterThanOrEqual(gradients + predictions);
    if (gradients === 0) expect(down).toBeLessThanOrEqual(3 * predictions);
    // The bottom has 35 weights, or 53 with what is above it too; a client that keeps its own gets it once.
    const held = auxiliary || isUndivided(schedule) ? 53 : 35;
    const bottomsDown = bottoms === 'kept' ? 3 : 3 * (2 + 1);
    if (clients === 'none') expect(weights).toBe(0);
    else expect(weights).toBeGreaterThan(4 * held * (3 * 2 + bottomsDown));
    expect(rounds).toBe({ none: 0, 'in-turns': 6, together: 0, 'at-once': 2 }[clients]);
  });
});

describe('of one client', () => {
  it.each(networked)('the schedule $name is the centralised one bit for bit', async ({ name, auxiliary }) => {
    // A bottom that is aligned at every step learns from nothing else.
    const options = { clients: 1, epochs: 3, roundSteps: 4, ...(auxiliary ? { alignEvery: 1 } : {}) };
    const divided = await run({ ...options, schedule: name });
    const whole = await run({ ...options, alignEvery: undefined, schedule: 'centralised' });
    expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
    // Batch by batch or in totals, the last bits differ.
    expect(divided.summary.testLoss).toBeCloseTo(whole.summary.testLoss ?? NaN, 12);
  });
});

describe('the same seed', () => {
  it.each(networked.filter(({ name }) => name !== 'async'))(
    'gives the same network with $name, whoever is slow',
    async ({ name }) => {
      const orders = new Set<string>();
      const hashes = new Set<string>();
      for (const slowness of [1, 2, 3]) {
        const { events, summary } = await run({ schedule: name, epochs: 3, data: slowData(data, slowness) });
        hashes.add(summary.weightsHash);
        orders.add(events.flatMap((event) => (event.kind === 'step' ? [event.client] : [])).join(''));
      }
      expect(hashes.size).toBe(1);
      // Where steps are taken as they come, they must have come in different orders, or the test shows nothing.
      expect(orders.size > 1).toBe(findSchedule(name).order === 'arrival');
    },
  );

  it("does not with 'async', whose one top takes steps as they come", async () => {
    const runs = [1, 2, 3].map((slowness) =>
      run({ schedule: 'async', epochs: 3, data: slowData(data, slowness) }).then(({ summary }) => summary.weightsHash),
    );
    expect(new Set(await Promise.all(runs)).size).toBeGreaterThan(1);
  });
});

describe('async', () => {
  it.each([0, 2])('lets nobody be more than %i steps ahead of the slowest', async (staleness) => {
    const { events } = await run({ schedule: 'async', epochs: 3, staleness, data: slowData(data, 'ahead', staleness) });
    const ahead: number[] = [];
    let taken = new Map<number, number>();
    const least = () => Math.min(...[0, 1, 2].map((client) => taken.get(client) ?? 0));
    for (const event of events) {
      if (event.kind === 'round-started') taken = new Map();
      if (event.kind !== 'step') continue;
      const before = taken.get(event.client) ?? 0;
      ahead.push(before - least());
      taken.set(event.client, before + 1);
    }
    // All three clients have three steps a round.
    expect(ahead).toHaveLength(27);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(staleness);
  });
});

describe('nonsense is refused with the reason', () => {
  it.each([
    ['splitfed-v2', { staleness: 3 }, /staleness has no meaning with schedule 'splitfed-v2': only on a shared lane/],
    ['splitfed-v1', { staleness: 0 }, /only on a shared lane/],
    ['centralised', { participation: 0.5 }, /there are no clients/],
    ['centralised', { deadlineSeconds: 3 }, /there are no clients/],
    ['splitfed-v1', { quorum: 0.7 }, /without a deadline all clients are waited for/],
    ['sequential', { quorum: 0.7, deadlineSeconds: 3 }, /there is one client at a time/],
    ['async', { staleness: 1.5 }, /staleness is 1.5/],
    ['splitfed-v3', { participation: 0 }, /participation is 0/],
    ['splitfed-v3', { participation: 1.25 }, /participation is 1.25/],
    ['splitfed-v2', { deadlineSeconds: 3, quorum: -0.5 }, /quorum is -0.5/],
    ['splitfed-v2', { deadlineSeconds: 0 }, /deadlineSeconds is 0/],
    ['splitfed-v2', { deadlineSeconds: 1e9 }, /deadlineSeconds is 1000000000/],
  ])('%s with %o', async (schedule, options, message) => {
    await expect(run({ schedule, ...options })).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });
});

describe.each(['splitfed-v1', 'fedavg'])('%s', (schedule) => {
  it('with one step a round and SGD is large-batch SGD on the undivided model', async () => {
    const task = { ...tinyTask, optimizer: sgd(0.3) };
    const settings = { clients: 3, partition: 'iid', seed: 23, limit: undefined };
    const { trained } = await run({ ...settings, task, schedule, roundSteps: 1, epochs: 4 });
    const whole = await UndividedModel.create(task, settings.seed);
    const parts = dealData(data, settings).map(({ train }, client) => {
      const order = new BatchOrder({ size: train.size, batch: 7, seed: settings.seed, client });
      return { train, order };
    });
    for (let step = 0; step < 4 * 3; step++) {
      const batches = await Promise.all(parts.map(async ({ train, order }) => train.batch(order.rows(step))));
      await whole.step(
        { inputs: joined(batches.map(({ inputs }) => inputs)), labels: joined(batches.map(({ labels }) => labels)) },
        step,
      );
    }
    const { values } = await whole.weights();
    whole.dispose();
    expect(trained.weights).toHaveLength(values.length);
    const differences = values.map((weight, i) => maxAbsDifference(weight, trained.weights[i] ?? weight));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
    expect(trained.weights.some((weight, i) => weight === values[i])).toBe(false);
  });
});

describe('splitfed-v3', () => {
  it('leaves each client its own bottom, which splitfed-v1 does not', async () => {
    const v1 = await run({ schedule: 'splitfed-v1', epochs: 3 });
    const v3 = await run({ schedule: 'splitfed-v3', epochs: 3 });
    expect(v3.summary.weightsHash).not.toBe(v1.summary.weightsHash);
    // In one round the two are the same: they part when bottoms are first handed out again.
    const firsts = await Promise.all(['splitfed-v1', 'splitfed-v3'].map((schedule) => run({ schedule, epochs: 1 })));
    expect(firsts[0]?.summary.weightsHash).toBe(firsts[1]?.summary.weightsHash);
    expect(firsts[0]?.summary.testLoss).not.toBe(firsts[1]?.summary.testLoss);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Batches of clients as one batch. */
function joined(batches: readonly (readonly NdArray[])[]): NdArray[] {
  return (batches[0] ?? []).map(({ dtype, shape }, i) => {
    const rows = batches.map((arrays) => arrays[i]?.shape[0] ?? 0).reduce((sum, count) => sum + count, 0);
    const values = batches.flatMap((arrays) => Array.from(arrays[i]?.data ?? []));
    const data = dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
    return ndarray(dtype, [rows, ...shape.slice(1)], data);
  });
}
