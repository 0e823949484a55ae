import * as tf from '@tensorflow/tfjs';
import { adam, sgd } from '../../shared/engine/optimizer.js';
import { pick, type Fault } from './broken.js';

/** Values that are none of what a field wants. */
const odd = [null, 7, 'x', [], {}, true, () => undefined] as const;
const notNumbers = [NaN, Infinity, '5', null, {}] as const;

const withLoss =
  (says: RegExp, ...losses: readonly unknown[]): Fault =>
  (rng) => ({ task: { loss: pick(rng, ...losses) }, says });

const label = (rng: Parameters<Fault>[0], says: RegExp, ...changes: readonly object[]): ReturnType<Fault> => ({
  task: { labels: [{ name: 'kind', dtype: 'int32', shape: [], ...pick<object>(rng, ...changes) }] },
  says,
});

/** Fields of a task that are not what they should be. */
export const brokenTasks: Readonly<Record<string, Fault>> = {
  'no name': (rng) => ({ task: { name: pick(rng, undefined, '', null, 7, {}) }, says: /name/ }),
  'a model that is no function': (rng) => ({
    task: { model: pick(rng, undefined, null, 'model.json', {}, 5) },
    says: /model/,
  }),
  'a model function that answers something else': (rng) => {
    const answer = pick(rng, ...odd, undefined, new Float32Array(2));
    return {
      task: {
        model: pick(
          rng,
          () => answer,
          async () => answer,
        ),
      },
      says: /model of task 'sound'/,
    };
  },
  'a model function that throws': (rng) => {
    const thrown = pick(rng, new Error('no such file'), 'no such file', { toString: () => 'no such file' });
    const fail = () => {
      throw thrown;
    };
    return { task: { model: pick(rng, fail, async () => fail()) }, says: /model of task 'sound'.*no such file/ };
  },
  'a model that was disposed of': (rng, { task }) => {
    const model = task.model() as tf.LayersModel;
    model.dispose();
    return {
      task: {
        model: pick(
          rng,
          () => model,
          async () => model,
        ),
      },
      says: /model of task 'sound'/,
    };
  },
  'a cut that is no text': (rng) => ({ task: { cut: pick(rng, undefined, null, 5, ['below'], {}, '') }, says: /cut/ }),
  'a cut at an unknown layer': (rng) => ({
    task: { cut: pick(rng, 'nolayer', 'below+nolayer', 'below,nolayer', ' ', 'below,') },
    says: /no layer '.*cut at one of/,
  }),
  'a cut with nothing above': () => ({ task: { cut: 'logits' }, says: /'logits'/ }),
  'the same cut twice': (rng) => ({
    task: { cut: pick(rng, 'below,below', 'middle,below') },
    says: /between the cut at '.*'below'/,
  }),
  'cuts for a topology there is not': (rng) => ({
    task: { cuts: { [pick<string>(rng, 'ring', 'U', '')]: 'below' } },
    says: /topology/,
  }),
  'cuts that are no text': (rng) => ({
    task: { cuts: pick(rng, { vanilla: 5 }, { vanilla: ['below'] }, 5, 'below') },
    says: /cuts/,
  }),
  'cuts with too few for the topology': () => ({ options: { topology: 'u-shaped' }, says: /u-shaped.*2 cuts/ }),
  'no loss': (rng) => ({ task: { loss: pick(rng, undefined, null, 5, {}, 'crossEntropy', 'toString') }, says: /loss/ }),
  'a loss a sample': withLoss(/loss of task 'sound'.*scalar/, (_: tf.Tensor[], [z]: tf.Tensor[]) =>
    tf.mean(z as tf.Tensor, 1),
  ),
  'a loss that is no tensor': withLoss(
    /loss of task 'sound'/,
    () => 1,
    () => undefined,
    () => null,
    () => 'x',
    () => [],
    () => ({ rank: 0 }),
  ),
  'a loss that waits': withLoss(
    /loss of task 'sound'.*promise/,
    async () => tf.scalar(1),
    async () => Promise.reject(new Error('late')),
  ),
  'a loss that throws': withLoss(
    /loss of task 'sound'.*(no column|undefined|Shapes|shape)/,
    () => {
      throw new Error('no column');
    },
    () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- users do
      throw 'no column';
    },
    ([y]: tf.Tensor[]) => (y as unknown as { missing: { field: tf.Scalar } }).missing.field,
    (_: tf.Tensor[], [z]: tf.Tensor[]) => tf.sum(tf.add(z as tf.Tensor, tf.ones([7, 11, 13]))),
  ),
  'a loss that is not finite': withLoss(
    /loss of task 'sound' is (NaN|-?Infinity)/,
    (_: tf.Tensor[], [z]: tf.Tensor[]) => tf.mean(tf.log(tf.mul(-1, tf.square(z as tf.Tensor)))),
    (_: tf.Tensor[], [z]: tf.Tensor[]) => tf.div(1, tf.mul(0, tf.sum(z as tf.Tensor))),
  ),
  'a loss of whole numbers': withLoss(/loss of task 'sound' is int32/, (_: tf.Tensor[], [z]: tf.Tensor[]) =>
    tf.sum(tf.cast(z as tf.Tensor, 'int32')),
  ),
  'a loss that no gradient goes through': withLoss(
    /loss of task 'sound'/,
    (_: tf.Tensor[], [z]: tf.Tensor[]) => tf.mean(tf.topk(z as tf.Tensor).values),
    () => tf.scalar(1.5),
    ([y]: tf.Tensor[]) => tf.mean(tf.cast(y as tf.Tensor, 'float32')),
  ),
  'a loss that is disposed of': withLoss(/loss of task 'sound'/, (_: tf.Tensor[], [z]: tf.Tensor[]) => {
    const loss = tf.mean(z as tf.Tensor);
    loss.dispose();
    return loss;
  }),
  'a loss that disposes of the outputs': withLoss(/loss of task 'sound'/, (_: tf.Tensor[], [z]: tf.Tensor[]) => {
    const loss = tf.mean(z as tf.Tensor);
    z?.dispose();
    return loss;
  }),
  'a loss that reads its tensors': withLoss(/loss of task 'sound'.*promise/, async (_: tf.Tensor[], [z]: tf.Tensor[]) =>
    tf.scalar((await z?.data())?.[0] ?? 0),
  ),
  'softmax before a loss that applies it': (_, { below, classes }) => ({
    task: {
      model: () =>
        tf.sequential({
          layers: [below(), tf.layers.dense({ name: 'chances', units: classes, activation: 'softmax' })],
        }),
    },
    says: /'chances'.*softmax/,
  }),
  'no optimizer': (rng) => ({
    task: { optimizer: pick(rng, undefined, null, 'adam', 5, () => adam(), tf.train.adam(0.1), {}, []) },
    says: /optimizer/,
  }),
  'an optimizer with an odd field': (rng) => ({
    task: { optimizer: { ...adam(0.1), [pick<string>(rng, 'clipNorm', 'weightDecay', 'momentum', 'lr')]: 0.5 } },
    says: /optimizer adam.*'(clipNorm|weightDecay|momentum|lr)'/,
  }),
  'an optimizer with an odd number': (rng) => {
    const field = pick<string>(rng, 'learningRate', 'beta1', 'epsilon');
    return {
      task: { optimizer: { ...adam(), [field]: pick(rng, ...notNumbers, -1) } },
      says: new RegExp(`optimizer adam: ${field}`),
    };
  },
  'an optimizer with an odd schedule': (rng) => ({
    task: {
      optimizer: {
        ...sgd(),
        schedule: pick(rng, 5, 'cosine', {}, null, { kind: 'step', every: 0, factor: 2, warmup: 0 }),
      },
    },
    says: /schedule/,
  }),
  'too few optimizers': () => ({ task: { optimizer: [sgd()] }, says: /no optimizer for segment 1/ }),
  'no labels': (rng) => ({ task: { labels: pick(rng, undefined, null, [], 'kind', 5, {}) }, says: /labels/ }),
  'a label that is none': (rng) => ({ task: { labels: [pick(rng, null, 5, 'kind', [], {})] }, says: /label/ }),
  'a label of an odd type': (rng) =>
    label(rng, /label(s.0.| 'kind')/, { dtype: 'float64' }, { dtype: 'string' }, { dtype: undefined }, { dtype: 7 }),
  'a label of an odd shape': (rng) =>
    label(
      rng,
      /label(s.0.| 'kind')/,
      { shape: undefined },
      { shape: 5 },
      { shape: [-1] },
      { shape: ['a'] },
      { shape: [2.5] },
      { shape: null },
    ),
  'a label of an odd range': (rng) =>
    label(rng, /label(s.0.| 'kind')/, { min: 3, max: 1 }, { min: NaN }, { max: '2' }, { min: {} }),
  'labels with too many classes': (rng, { classes }) =>
    label(rng, /label 'kind' has/, { min: 0, max: classes }, { min: -1, max: 1 }),
  'labels in the shape of scores': (rng, { classes }) =>
    label(rng, /label 'kind' is/, { shape: [classes] }, { dtype: 'float32' }),
  'two labels for one loss': () => ({
    task: { labels: ['kind', 'age'].map((name) => ({ name, dtype: 'int32', shape: [] })) },
    says: /one label.*2 labels/,
  }),
  'metrics there are not': (rng) => ({
    task: { metrics: pick(rng, ['acuracy'], [''], [5], [null], 'accuracy', 5, {}) },
    says: /metric/,
  }),
  'metrics of something else': (rng) => ({
    task: { metrics: [pick(rng, 'auc', 'binaryAccuracy', 'mse')] },
    says: /auc|binaryAccuracy|mse/,
  }),
  'an odd batch': (rng) => ({ task: { batch: pick(rng, 0, -3, 1.5, NaN, Infinity, '5', {}) }, says: /batch/ }),
  'odd epochs': (rng) => ({
    task: { epochs: pick(rng, 0, -3, 1.5, NaN, '5', {}) },
    options: { steps: undefined },
    says: /epochs/,
  }),
  'bottoms that are none': (rng) => ({
    task: { bottoms: pick(rng, { small: 5 }, { '': () => undefined }, { default: () => undefined }, 5, 'small') },
    says: /bottoms/,
  }),
  'a bottom that does not fit': (rng, { features, units }) => {
    const bottom = (input: number, output: number) => () =>
      tf.sequential({ layers: [tf.layers.dense({ units: output, inputShape: [input] })] });
    return {
      task: { bottoms: { small: pick(rng, bottom(features + 1, units), bottom(features, units + 2)) } },
      says: /bottom 'small'/,
    };
  },
  'a bottom that fails': (rng) => ({
    task: {
      bottoms: {
        small: pick(
          rng,
          () => null,
          async () => Promise.reject(new Error('gone')),
          () => tf.sequential(),
        ),
      },
    },
    says: /bottom 'small'/,
  }),
  'a head that does not fit': (rng, { units }) => ({
    task: {
      auxiliary: pick(
        rng,
        () => tf.sequential({ layers: [tf.layers.dense({ units: 9, inputShape: [units + 3] })] }),
        () => null,
        5,
      ),
    },
    options: { schedule: 'local-loss' },
    says: /auxiliary/,
  }),
  'options there are not': (rng) => {
    const option = pick<string>(rng, 'topology', 'schedule', 'aggregation', 'partition');
    return {
      options: { [option]: pick<string>(rng, 'nonsense', '', 'mean:x', 'shards:0') },
      says: new RegExp(option.replace('aggregation', 'aggregation|rule')),
    };
  },
  'odd counts': (rng) => {
    const option = pick<string>(rng, 'clients', 'steps', 'batch', 'roundSteps', 'seed');
    return { options: { [option]: pick(rng, -1, 1.5, NaN, '3') }, says: new RegExp(option) };
  },
};
