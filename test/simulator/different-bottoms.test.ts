import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { BatchOrder } from '../../shared/data/batch-order.js';
import { dealData } from '../../shared/data/partition.js';
import { buildPlaced } from '../../shared/model/build.js';
import { fromTensor, toTensor } from '../../shared/model/weights.js';
import { identical, maxAbsDifference, type NdArray } from '../../shared/ndarray.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { tinyData } from '../helpers/tiny-task.js';
import { plainBottoms, smallUndivided, twoBottoms as task } from '../helpers/two-bottoms.js';

const data = tinyData(63, 5);

function run(options: Partial<SimulateOptions> = {}) {
  const settings = { clients: 3, epochs: 3, seed: 17, engine: 'tfjs', transport: 'loopback' } as const;
  return simulate({ task, data, ...settings, ...options });
}

describe('one client with another bottom is the undivided model of that bottom bit for bit', () => {
  it.each([
    ['vanilla', 'sequential'],
    ['vanilla', 'splitfed-v1'],
    ['vanilla', 'splitfed-v2'],
    ['vanilla', 'splitfed-v3'],
    ['vanilla', 'async'],
    ['u-shaped', 'splitfed-v1'],
    ['multi-hop', 'splitfed-v2'],
  ])('%s, %s', async (topology, schedule) => {
    const one = { clients: 1, roundSteps: 4, schedule, topology };
    const divided = await run({ ...one, clientBottoms: ['small'] });
    const undivided = { task: await smallUndivided(task, 17), clients: 1, schedule: 'centralised' };
    const { summary, trained } = await run(undivided);
    const { small = [] } = divided.trained.bottoms ?? {};
    // What the run has of the task's own bottom, two arrays, is what it began with.
    const [own, above] = [divided.trained.weights.slice(0, 2), divided.trained.weights.slice(2)];
    const ours = [...small, ...above];
    expect(small).toHaveLength(4);
    expect(ours).toHaveLength(trained.weights.length);
    expect(ours.map((weight, i) => identical(weight, trained.weights[i] ?? weight))).not.toContain(false);
    expect(divided.summary.testLoss).toBe(summary.testLoss);
    expect(own).toEqual((await buildPlaced(task, { seed: 17, topology })).cut.weights[0]);
    const samples = [0, 3 * 63];
    expect(divided.summary.bottoms).toEqual(['default', 'small'].map((name, i) => ({ name, samples: samples[i] })));
  });
});

describe('clients with two kinds of bottoms', () => {
  const clientBottoms = ['small', 'default', 'small'];

  it.each(['sequential', 'splitfed-v1', 'splitfed-v2', 'splitfed-v3', 'async', 'local-loss'])(
    'train together under %s',
    async (schedule) => {
      const losses: number[] = [];
      const { summary, trained } = await run({
        schedule,
        clientBottoms,
        epochs: 12,
        task: plainBottoms,
        onEvent: (event) => event.kind === 'step' && losses.push(event.loss),
      });
      expect(summary).toMatchObject({ steps: 108, samples: 756 });
      expect(mean(losses.slice(-9))).toBeLessThan(0.75 * mean(losses.slice(0, 9)));
      expect(summary.testAccuracy).toBeGreaterThan(0.6);
      expect(trained.bottoms?.small?.map(({ shape }) => shape)).toEqual([[4, 3], [3]]);
      const counts = [252, 504];
      expect(summary.bottoms).toEqual(['default', 'small'].map((name, i) => ({ name, samples: counts[i] })));
    },
  );

  it('and different cuts too', async () => {
    const options = { clientBottoms, clientSegments: [2, 1, 1], schedule: 'splitfed-v1', epochs: 6 };
    const { summary } = await run({ ...options, task: plainBottoms });
    expect(summary.testAccuracy).toBeGreaterThan(0.6);
  });

  it('average each kind by itself, and the rest as one large batch: splitfed-v1, one step a round, SGD', async () => {
    const [seed, rounds] = [23, 6];
    const options = { schedule: 'splitfed-v1', roundSteps: 1, epochs: 2, seed, limit: 60 };
    const { trained } = await run({ ...options, task: plainBottoms, clientBottoms });
    const expected = await byHand(seed, rounds, clientBottoms);
    const ours = [...trained.weights, ...(trained.bottoms?.small ?? [])];
    expect(ours).toHaveLength(expected.length);
    expect(Math.max(...ours.map((weight, i) => maxAbsDifference(weight, expected[i] ?? weight)))).toBeLessThan(1e-5);
    // The control: with the kinds dealt otherwise it is another run.
    const other = await run({ ...options, task: plainBottoms, clientBottoms: ['small', 'small', 'default'] });
    const differences = other.trained.weights.map((weight, i) => maxAbsDifference(weight, expected[i] ?? weight));
    expect(Math.min(...differences)).toBeGreaterThan(1e-3);
  });
});

/**
 * Plain tfjs, with none of the code of runs: the gradient of each client's mean loss through its own bottom; a kind moves by those of its clients
 * weighted by their samples, what is above by those of all. Answers the weights of the task's model, then those of the small bottom.
 */
async function byHand(seed: number, rounds: number, kinds: readonly string[]): Promise<NdArray[]> {
  const { cut, bottoms } = await buildPlaced(plainBottoms, { seed, topology: 'vanilla' });
  const variables = (weights: readonly NdArray[] = []) => weights.map((weight) => toTensor(weight).variable());
  const below = { default: variables(cut.weights[0]), small: variables(bottoms[0]?.weights) };
  const above = variables(cut.weights.slice(1).flat());
  const dense = (x: tf.Tensor, [kernel, bias]: tf.Tensor[]) => x.matMul(kernel as tf.Tensor2D).add(bias ?? 0);
  const lossOf = (kind: keyof typeof below, inputs: tf.Tensor, labels: tf.Tensor) => {
    const hidden = dense(dense(inputs, below[kind]).tanh(), above.slice(0, 2)).relu();
    const logits = dense(hidden, above.slice(2)).logSoftmax();
    return tf.oneHot(labels.toInt(), 3).mul(logits).sum(1).neg().mean().asScalar();
  };
  const clients = dealData(data, { clients: 3, partition: 'iid', seed, limit: 60 }).map(({ train }, client) => ({
    train,
    kind: kinds[client] as keyof typeof below,
    order: new BatchOrder({ size: train.size, batch: 7, seed, client }),
  }));
  for (let round = 0; round < rounds; round++) {
    const steps = await Promise.all(
      clients.map(async ({ train, kind, order }) => {
        const { inputs, labels } = await train.batch(order.rows(round));
        const [x, y] = [toTensor(inputs[0] as NdArray), toTensor(labels[0] as NdArray)];
        const { grads } = tf.variableGrads(() => lossOf(kind, x, y), [...below[kind], ...above]);
        return { kind, grads, samples: y.size };
      }),
    );
    const move = (weights: readonly tf.Variable[], of: typeof steps) => {
      const all = of.reduce((sum, { samples }) => sum + samples, 0);
      for (const weight of weights) {
        const parts = of.map(({ grads, samples }) => (grads[weight.name] as tf.Tensor).mul(samples / all));
        weight.assign(weight.sub(tf.addN(parts).mul(0.3)));
      }
    };
    move(above, steps);
    for (const kind of ['default', 'small'] as const)
      move(
        below[kind],
        steps.filter((step) => step.kind === kind),
      );
  }
  return Promise.all([...below.default, ...above, ...below.small].map((weight) => fromTensor(weight)));
}

describe('what makes no sense is refused with the reason', () => {
  it.each<[Partial<SimulateOptions>, RegExp]>([
    [{ schedule: 'fedavg' }, /'fedavg' divides nothing between clients and server/],
    [{ schedule: 'centralised' }, /'centralised' divides nothing between clients and server/],
    [
      { topology: 'u-shaped', schedule: 'sequential' },
      /'u-shaped' puts above the bottom would have made other updates/,
    ],
    [{ clientBottoms: ['small'] }, /clientBottoms lists 1 clients, the run has 3/],
    [{ clientBottoms: ['small', 'large', 'default'] }, /hold the bottom 'large', task 'tiny' has default, small/],
  ])('%o', async (options, message) => {
    const clientBottoms = ['small', 'default', 'small'];
    await expect(run({ clientBottoms, ...options })).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });

  it('a bottom that is heavier than what relays let through', async () => {
    const wide = () => tf.sequential({ layers: [20, 3].map((units) => tf.layers.dense({ units, inputShape: [4] })) });
    const options = { task: { ...task, bottoms: { wide } }, clients: 1, clientBottoms: ['wide'] };
    await expect(run({ ...options, topology: 'multi-hop' })).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: /'wide' has more weights than the task's own, and relays take no larger messages/,
    });
    await run({ ...options, topology: 'u-shaped', schedule: 'splitfed-v2', epochs: 1 });
  });

  it.each<[string, number[], number, RegExp]>([
    ['wide', [4], 5, /bottom 'other' of task 'tiny' makes float32 \[5\], and float32 \[3\] is what/],
    ['hidden', [4], 3, /makes float32 \[3\], and float32 \[5\] is what/],
    ['wide', [2, 2], 3, /takes float32 \[2, 2\], and float32 \[4\] is what the model takes/],
  ])('a bottom that does not fit the cut at %s: %o to %i', async (cut, inputShape, units, message) => {
    const layers = [tf.layers.reshape({ targetShape: [4], inputShape }), tf.layers.dense({ units })];
    const bottoms = { other: () => tf.sequential({ layers }) };
    // Whoever holds what: the task is wrong.
    await expect(run({ task: { ...task, cut, bottoms } })).rejects.toMatchObject({ code: 'BAD_CUT', message });
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
