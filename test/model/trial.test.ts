import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { buildModel, buildSegments } from '../../shared/model/build.js';
import { hashWeights, readModelWeights } from '../../shared/model/weights.js';
import { verify } from '../../simulator/verify.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Task } from '../../shared/task.js';
import { oddData, oddTask } from '../helpers/odd-models.js';

const L = tf.layers;

/** Keeps what it is given to itself. */
class Shift extends tf.layers.Layer {
  static className = 'Shift';
  private readonly by: number;

  constructor(config: { by?: number; name?: string } = {}) {
    super(config);
    this.by = config.by ?? 0;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.add([inputs].flat()[0] as tf.Tensor, this.by));
  }
}
tf.serialization.registerClass(Shift);

/** Counts its calls, and cannot be made without a list. */
class Needy extends tf.layers.Layer {
  static className = 'Needy';

  constructor(config: { list?: number[]; name?: string } = {}) {
    super(config);
    if (!config.list) throw new Error('list is missing');
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return [inputs].flat()[0] as tf.Tensor;
  }
}
tf.serialization.registerClass(Needy);

/** Says itself which steps count. */
class Marks extends tf.layers.Layer {
  static className = 'Marks';

  constructor(config: { name?: string } = {}) {
    super(config);
    this.supportsMasking = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mul([inputs].flat()[0] as tf.Tensor, 1);
  }

  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.greater(tf.sum([inputs].flat()[0] as tf.Tensor, -1), 0));
  }
}
tf.serialization.registerClass(Marks);

/** Ends a mask. */
class Unmarks extends Marks {
  static override className = 'Unmarks';

  override computeMask(): tf.Tensor {
    return null as unknown as tf.Tensor;
  }
}
tf.serialization.registerClass(Unmarks);

const dense = (name: string, units: number, more = {}) => L.dense({ name, units, ...more });
const chain = (...layers: tf.layers.Layer[]) =>
  oddTask('first', () =>
    tf.sequential({
      layers: [dense('first', 6, { inputShape: [8, 2] }), ...layers, L.flatten({ name: 'flat' }), dense('logits', 3)],
    }),
  );
const apply = (layer: tf.layers.Layer, x: unknown) => layer.apply(x as tf.SymbolicTensor) as tf.SymbolicTensor;
const wrappedTwice = () =>
  oddTask('first', () => {
    const inside = dense('inside', 4);
    const [one, two] = ['one', 'two'].map((name) => L.timeDistributed({ name, layer: inside }));
    const layers = [dense('first', 4, { inputShape: [3, 2] }), one, two].filter((layer) => layer !== undefined);
    return tf.sequential({ layers: [...layers, L.flatten({ name: 'flat' }), dense('logits', 3)] });
  });
const nestedToo = () =>
  oddTask('shared', () => {
    const shared = dense('shared', 4);
    const [x, y] = [tf.input({ shape: [4], name: 'x' }), tf.input({ shape: [4], name: 'y' })];
    const below = apply(shared, x);
    const inner = tf.model({ name: 'inner', inputs: y, outputs: apply(shared, y) });
    return tf.model({ inputs: x, outputs: apply(dense('logits', 3), apply(inner, below)) });
  });
const withLoss = (loss: unknown) => ({ ...chain(), loss }) as Task;
const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

describe('a model that cannot be trained as it was meant is refused before anybody joins', () => {
  it.each([
    [
      'a setting that is not written down',
      chain(new Shift({ by: 2, name: 'shift' })),
      'BAD_MODEL',
      /'shift' \(Shift\)/,
    ],
    [
      'a layer that cannot be made again',
      chain(new Needy({ list: [3], name: 'needy' })),
      'BAD_MODEL',
      /'needy' \(Needy\)/,
    ],
    [
      'a causal convolution',
      chain(L.conv1d({ name: 'odd', filters: 2, kernelSize: 3, padding: 'causal' })),
      'BAD_MODEL',
      /'odd' \(Conv1D\)/,
    ],
    ['a constraint', chain(dense('bound', 4, { kernelConstraint: 'nonNeg' })), 'BAD_MODEL', /'bound'.*constraint/],
    [
      'a loss a sample',
      withLoss((_: tf.Tensor[], [z]: tf.Tensor[]) => tf.sum(z as tf.Tensor, 1)),
      'BAD_OPTION',
      /shape \[2\], a scalar/,
    ],
    [
      'a loss of whole numbers',
      withLoss((_: tf.Tensor[], [z]: tf.Tensor[]) => tf.sum(tf.cast(z as tf.Tensor, 'int32'))),
      'BAD_OPTION',
      /int32/,
    ],
    [
      'a loss a sample, which is a scalar for one or two',
      withLoss(([y]: tf.Tensor[], [z]: tf.Tensor[]) => {
        const each = tf.sum(z as tf.Tensor, 1);
        return (y?.size ?? 0) > 2 ? each : tf.mean(each);
      }),
      'BAD_OPTION',
      /shape \[3\], a scalar/,
    ],
    ['a loss that is a number', withLoss(() => 0.5), 'BAD_OPTION', /number, not a tensor/],
    ['a loss that waits', withLoss(async () => tf.scalar(1)), 'BAD_OPTION', /a promise/],
    [
      'a loss that is nothing',
      withLoss(([y]: tf.Tensor[]) => tf.log(tf.mul(tf.sum(tf.cast(y as tf.Tensor, 'float32')), -1))),
      'BAD_OPTION',
      /is (NaN|Infinity|-Infinity)/,
    ],
    [
      'a loss that throws',
      withLoss(() => {
        throw new Error('no such column');
      }),
      'BAD_OPTION',
      /no such column/,
    ],
    ['no model', oddTask('first', (() => undefined) as unknown as Task['model']), 'BAD_MODEL', /undefined/],
    ['another thing', oddTask('first', (() => 'model.json') as unknown as Task['model']), 'BAD_MODEL', /String/],
    [
      'a model without a shape',
      oddTask('first', () => tf.sequential({ layers: [dense('first', 2)] })),
      'BAD_MODEL',
      /inputShape|input/,
    ],
    ['a layer in two wrappers', wrappedTwice(), 'BAD_MODEL', /'one' and 'two' both hold.*'one\/kernel'/],
    ['a layer that is in a nested model, too', nestedToo(), 'BAD_MODEL', /'shared' and 'inner' both hold/],
    [
      'tokens that are computed',
      chain(L.flatten({ name: 'tokens' }), L.embedding({ name: 'words', inputDim: 9, outputDim: 2 })),
      'BAD_MODEL',
      /'words' \(Embedding\) cannot be trained: no gradient goes through/,
    ],
    [
      'a mask of a layer of the user, cut above it',
      {
        ...chain(new Marks({ name: 'marks' }), L.gru({ name: 'read', units: 2, returnSequences: true })),
        cut: 'marks',
      },
      'BAD_CUT',
      /mask that layer 'marks' makes/,
    ],
    ['a file that is not there', oddTask('first', async () => Promise.reject(new Error('404'))), 'BAD_MODEL', /404/],
  ])('%s', async (_what, task, code, message) => {
    await expect(buildSegments(task, 3)).rejects.toThrow(refusal(code, message));
  });

  it('lets a layer of the user end a mask below a cut', async () => {
    const layers = [
      L.masking({ name: 'gaps', maskValue: 0 }),
      new Unmarks({ name: 'unmarks' }),
      L.gru({ name: 'read', units: 2, returnSequences: true }),
    ];
    await expect(buildSegments({ ...chain(...layers), cut: 'unmarks' }, 3)).resolves.toBeDefined();
  });

  it('leaves no tensors behind', async () => {
    await buildSegments(chain(), 3);
    const before = tf.memory().numTensors;
    await buildSegments(chain(), 3);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a model that exists already', () => {
  const made = () => tf.sequential({ layers: [dense('first', 6, { inputShape: [4] }), dense('logits', 3)] });

  it('is copied with its weights and what is frozen, and left alone', async () => {
    const given = made();
    const [first] = given.layers;
    if (first) first.trainable = false;
    const hash = hashWeights(readModelWeights(given));
    const task = oddTask('first', () => given);
    const engine = await chooseEngine('tfjs');
    const result = await verify({ task, dataset: oddData([4]), engine, steps: 3, batch: 5, seed: 9 });
    expect(result.identical).toBe(true);
    expect(hashWeights(readModelWeights(given))).toBe(hash);
    const { specs } = await buildSegments(task, 8);
    // What is frozen travels with the definition, and is no weight that moves.
    expect(specs[0]?.weights).toEqual([]);
    expect(specs[0]?.constants?.map(({ layer, index }) => [layer, index])).toEqual([
      ['first', 0],
      ['first', 1],
    ]);
  });

  it('may come as a promise, with the same weights each time', async () => {
    const late = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return made();
    };
    const task = oddTask('first', late);
    const hashes = await Promise.all(
      [7, 7, 8].map(async (seed) => hashWeights(readModelWeights(await buildModel(task, seed)))),
    );
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });
});
