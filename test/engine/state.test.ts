import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Segment } from '../../shared/engine/engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { arrayDataset, type Dataset } from '../../shared/data/dataset.js';
import { buildSegments } from '../../shared/model/build.js';
import { mergeWeights, readModelWeights, toTensor } from '../../shared/model/weights.js';
import { withoutStart } from '../../shared/model/start-shares.js';
import { buildModel } from '../../shared/model/build.js';
import { float32, int32, maxAbsDifference, type NdArray } from '../../shared/ndarray.js';
import { simulate } from '../../simulator/simulate.js';
import { verify } from '../../simulator/verify.js';
import { oddData, oddTask } from '../helpers/odd-models.js';

const L = tf.layers;

/** Adds how often it was called: a state that is no tensor. */
class Counting extends tf.layers.Layer {
  static className = 'Counting';
  private calls = 0;

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.add([inputs].flat()[0] as tf.Tensor, this.calls++ * 0.1));
  }
}
tf.serialization.registerClass(Counting);

/** Adds the mean of the batch before: a state in a tensor. */
class Remembering extends tf.layers.Layer {
  static className = 'Remembering';
  private last = tf.keep(tf.zeros([3]));

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = [inputs].flat()[0] as tf.Tensor;
    const before = this.last;
    this.last = tf.keep(tf.mean(x, 0));
    return tf.add(x, before);
  }
}
tf.serialization.registerClass(Remembering);

describe('a layer with a state that is no weight', () => {
  const around = (name: string, layer: () => tf.layers.Layer) =>
    oddTask(name, () =>
      tf.sequential({
        layers: [L.dense({ name: 'first', units: 3, inputShape: [4] }), layer(), L.dense({ name: 'logits', units: 3 })],
      }),
    );
  const recurrent = (layer: () => tf.layers.Layer) =>
    oddTask('rnn', () => tf.sequential({ layers: [layer(), L.dense({ name: 'logits', units: 3 })] }));
  const given = { name: 'rnn', units: 3, stateful: true, batchInputShape: [5, 4, 2] };

  it.each([
    ['a stateful lstm', [4, 2], () => recurrent(() => L.lstm(given)), 'rnn'],
    ['a stateful gru', [4, 2], () => recurrent(() => L.gru(given)), 'rnn'],
    ['a layer that keeps a tensor', [4], () => around('first', () => new Remembering({ name: 'memory' })), 'memory'],
  ])('runs on tfjs, with a notice, and agrees: %s', async (_what, shape, task, layer) => {
    const notices: string[] = [];
    const engine = await chooseEngine('onnx', { onNotice: (text) => notices.push(text) });
    const options = { task: task(), dataset: oddData(shape, 15), engine, steps: 6, batch: 5, seed: 9 };
    expect((await verify(options)).maxAbsWeightDiff).toBeLessThanOrEqual(1e-4);
    expect(notices.join()).toContain(`what layer '${layer}' keeps from one step to the next`);
  });

  it.each(['tfjs', 'onnx'])('goes on from its state where it was, bit for bit: %s', async (name) => {
    const engine = await chooseEngine(name);
    const layers = () => [
      L.bidirectional({
        name: 'both',
        batchInputShape: [5, 4, 2],
        layer: L.gru({ units: 3, stateful: true, returnSequences: true }),
        mergeMode: 'concat',
      }),
      L.lstm({ name: 'rnn', units: 2, stateful: true }),
      L.dense({ name: 'logits', units: 3 }),
    ];
    const { specs, weights } = await buildSegments(
      oddTask('rnn', () => tf.sequential({ layers: layers() })),
      3,
    );
    const [spec] = specs;
    if (!spec) throw new Error('no bottom');
    const open = () => engine.segment({ spec, weights: weights[0] ?? [], optimizer: sgd(0.3), seed: 1, stream: 0 });
    const { inputs } = await oddData([4, 2], 5).batch([0, 1, 2, 3, 4]);
    const step = async (segment: Segment, number: number) => {
      const { outputs } = await segment.forward({ inputs }, number);
      await segment.backward([
        float32(
          [5, 2],
          Array.from({ length: 10 }, (_, i) => Math.sin(i + number)),
        ),
      ]);
      await segment.update();
      return outputs;
    };
    const [one, other] = [await open(), await open()];
    const first = await step(one, 0);
    const start = await other.state();
    await step(one, 1);
    await other.restore(await one.state());
    expect(await step(other, 2)).toEqual(await step(one, 2));
    expect(await other.state()).toEqual(await one.state());
    // As it was before anything was read.
    await other.restore(start);
    expect(await step(other, 0)).toEqual(first);
    [one, other].forEach((segment) => segment.dispose());
  });

  it('runs on tfjs where it counts in JavaScript', async () => {
    const notices: string[] = [];
    const engine = await chooseEngine('onnx', { onNotice: (text) => notices.push(text) });
    const { specs, weights } = await buildSegments(
      around('first', () => new Counting({ name: 'count' })),
      3,
    );
    const [, spec] = specs;
    if (!spec) throw new Error('no top');
    const loss = 'softmaxCrossEntropy' as const;
    const top = await engine.segment({ spec, weights: weights[1] ?? [], optimizer: sgd(0), loss, seed: 1, stream: 0 });
    const batch = { inputs: [float32([2, 3], [1, 2, 3, 4, 5, 6])], labels: [int32([2], [0, 1])] };
    await top.forward(batch, 0);
    expect(notices.join()).toMatch(/segment 2 of 2 runs on tfjs.*JavaScript/);
    top.dispose();
  });
});

describe('a batch that a data set writes to again', () => {
  const rows = 24;
  const features = (row: number) => [Math.sin(row), Math.cos(3 * row), Math.sin(7 * row), row / rows];
  const fresh = arrayDataset(
    [float32([rows, 4], Array.from({ length: rows }, (_, row) => features(row)).flat())],
    [
      int32(
        [rows],
        Array.from({ length: rows }, (_, row) => row % 3),
      ),
    ],
  );
  const buffer = new Float32Array(4 * rows);
  const reused: Dataset = {
    size: rows,
    label: (row) => row % 3,
    batch: (wanted) => {
      const list = Array.from(wanted);
      list.forEach((row, i) => buffer.set(features(row), 4 * i));
      const labels = int32(
        [list.length],
        list.map((row) => row % 3),
      );
      return {
        inputs: [{ dtype: 'float32', shape: [list.length, 4], data: buffer.subarray(0, 4 * list.length) }],
        labels: [labels],
      };
    },
  };
  const task = oddTask('first', () =>
    tf.sequential({
      layers: [L.dense({ name: 'first', units: 6, inputShape: [4] }), L.dense({ name: 'logits', units: 3 })],
    }),
  );

  it.each(['fedavg', 'local-loss'])('trains as one in arrays of its own, with %s', async (schedule) => {
    const hashes = [];
    for (const train of [fresh, reused]) {
      const run = {
        task,
        data: { train },
        clients: 1,
        epochs: 2,
        schedule,
        engine: 'onnx',
        transport: 'loopback' as const,
      };
      hashes.push((await simulate(run)).summary.weightsHash);
    }
    expect(hashes[1]).toBe(hashes[0]);
  });
});

describe('a token outside the vocabulary', () => {
  const model = (inputDim: number) => () =>
    tf.sequential({
      layers: [
        L.embedding({ name: 'words', inputDim, outputDim: 3, inputLength: 2 }),
        L.flatten({ name: 'flat' }),
        L.dense({ name: 'logits', units: 3 }),
      ],
    });

  it.each([
    [-2, 'onnx'],
    [7, 'tfjs'],
    [2_000_000_000, 'onnx'],
  ])('%d is refused at the client, on %s, with its sample and the range', async (token, engine) => {
    const inputs = float32([6, 2], [0, 1, 2, 3, 4, 5, 6, token, 0, 1, 2, 3]);
    const data = { train: arrayDataset([inputs], [int32([6], [0, 1, 2, 0, 1, 2])]) };
    const run = simulate({
      task: oddTask('words', model(7)),
      data,
      clients: 1,
      steps: 4,
      engine,
      transport: 'loopback',
    });
    await expect(run).rejects.toThrow(
      expect.objectContaining({
        code: 'BAD_VALUE',
        message: expect.stringMatching(new RegExp(`is ${token}, allowed are 0 to 6`)) as string,
      }),
    );
  });

  it.each(['tfjs', 'onnx'])(
    'costs the batch, not the compiled segment, where only the engine sees it: %s',
    async (name) => {
      const notices: string[] = [];
      const engine = await chooseEngine(name, { onNotice: (text) => notices.push(text) });
      const { specs, weights } = await buildSegments(oddTask('words', model(5)), 3);
      const [spec] = specs;
      if (!spec) throw new Error('no bottom');
      const bottom = await engine.segment({ spec, weights: weights[0] ?? [], optimizer: sgd(0.1), seed: 1, stream: 0 });
      const batch = (token: number) => ({ inputs: [float32([1, 2], [token, 1])] });
      await bottom.forward(batch(3), 0);
      for (const token of [-1, 5]) {
        await expect(bottom.forward(batch(token), 1)).rejects.toThrow(
          expect.objectContaining({ code: 'BAD_VALUE', message: expect.stringContaining("'words'") as string }),
        );
      }
      await bottom.forward(batch(4), 1);
      expect(notices).toEqual([]);
      bottom.dispose();
    },
  );
});

describe('averages that have not come far', () => {
  const task = oddTask('norm', () =>
    tf.sequential({
      layers: [
        L.dense({ name: 'first', units: 4, inputShape: [3] }),
        L.batchNormalization({ name: 'norm', momentum: 0.97 }),
        L.dense({ name: 'logits', units: 3 }),
      ],
    }),
  );
  const inputs = float32(
    [6, 3],
    Array.from({ length: 18 }, (_, i) => 3 + 2 * Math.sin(i * 1.7)),
  );

  it.each(['tfjs', 'onnx'])('are used without what they began with, and trained as they are: %s', async (name) => {
    const engine = await chooseEngine(name);
    const { specs, weights } = await buildSegments(task, 3);
    const [spec] = specs;
    if (!spec) throw new Error('no bottom');
    const open = () => engine.segment({ spec, weights: weights[0] ?? [], optimizer: sgd(0), seed: 1, stream: 0 });
    const bottom = await open();
    const untrained = await bottom.predict({ inputs: [inputs] });
    const steps = 5;
    let normed: NdArray[] = [];
    for (let step = 0; step < steps; step++) ({ outputs: normed } = await bottom.forward({ inputs: [inputs] }, step));
    const raw = await bottom.weights();
    const share = spec.weights.findIndex(({ startShare }) => startShare);
    expect(raw[share]?.data[0]).toBeCloseTo(0.97 ** steps, 5);
    expect(raw[spec.weights.findIndex(({ index, layer }) => layer === 'norm' && index === 3)]?.data[0]).toBeGreaterThan(
      0.5,
    );
    // The same batch each time: what it gathers is that batch's mean and variance.
    const { outputs } = await bottom.predict({ inputs: [inputs] });
    expect(maxAbsDifference(outputs[0] as NdArray, normed[0] as NdArray)).toBeLessThan(2e-3);
    expect(maxAbsDifference(untrained.outputs[0] as NdArray, normed[0] as NdArray)).toBeGreaterThan(0.1);
    // Merged into a plain model, they are as corrected.
    const whole = mergeWeights(await buildModel(task, 3), specs, [raw, weights[1] ?? []]);
    const plain = tf.model({ inputs: whole.inputs, outputs: whole.getLayer('norm').output });
    const predicted = [...(plain.predict(toTensor(inputs)) as tf.Tensor).dataSync()];
    predicted.forEach((value, i) => expect(value).toBeCloseTo(outputs[0]?.data[i] ?? NaN, 3));
    expect(readModelWeights(whole)).toHaveLength(8);
    expect(withoutStart(spec.weights, withoutStart(spec.weights, raw))).toEqual(withoutStart(spec.weights, raw));
    // What is restored goes on bit for bit.
    const again = await open();
    await again.restore(await bottom.state());
    for (const one of [bottom, again]) await one.forward({ inputs: [inputs] }, steps);
    expect(await again.weights()).toEqual(await bottom.weights());
    [bottom, again].forEach((one) => one.dispose());
  });

  it('of a pretrained model count in full', async () => {
    const given = await buildModel(task, 3);
    const [, , , , mean, variance] = readModelWeights(given);
    given.getLayer('norm').setWeights([tf.ones([4]), tf.zeros([4]), tf.fill([4], 0.4), tf.fill([4], 2.5)]);
    expect([mean?.data[0], variance?.data[0]]).toEqual([0, 1]);
    const { specs, weights } = await buildSegments(
      oddTask('norm', () => given),
      3,
    );
    const share = specs[0]?.weights.findIndex(({ startShare }) => startShare) ?? -1;
    expect(weights[0]?.[share]?.data[0]).toBe(0);
  });
});
