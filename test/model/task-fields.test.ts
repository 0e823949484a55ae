import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { join } from '../../client/node/join.js';
import { predict } from '../../client/node/predict.js';
import { relay } from '../../relay/relay.js';
import { serve } from '../../server/serve.js';
import { resolveRun } from '../../shared/config.js';
import { arrayDataset } from '../../shared/data/dataset.js';
import { adam, sgd } from '../../shared/engine/optimizer.js';
import { asTandemError } from '../../shared/errors.js';
import { nearestName } from '../../shared/fields/nearest-name.js';
import { verticalModel } from '../../shared/model/vertical-model.js';
import { float32, int32, ndarray } from '../../shared/ndarray.js';
import { defineTask } from '../../shared/task.js';
import { taskFields } from '../../shared/task-fields.js';
import { simulate } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** As a caller in JavaScript writes it. */
const loose = (value: unknown) => value as never;

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return asTandemError(error).line;
  }
  throw new Error('it was taken');
}

const label = tinyTask.labels[0];

describe('a task', () => {
  it.each<[string, object, RegExp]>([
    ['a misspelt field', { epoch: 5 }, /: epoch is no field there is: did you mean epochs\? \(BAD_OPTION\)$/],
    ['one in another style', { batch_: 5 }, /batch_ is no field .* did you mean batch\?/],
    ['one that is near nothing', { checkpointing: true }, /checkpointing is no field there is: there are name, model/],
    [
      'a field of a label',
      { labels: [{ ...label, shpae: [] }] },
      /labels\[0\]\.shpae of label 'kind' is no field .* mean shape\?/,
    ],
    [
      'a length that is no length',
      { labels: [{ ...label, shape: [3.5] }] },
      /labels\[0\]\.shape\[0\] of label 'kind' is 3\.5: give a length/,
    ],
    ['a bound as text', { labels: [{ ...label, max: '9' }] }, /labels\[0\]\.max of label 'kind' is '9': give a number/],
    [
      'a range the wrong way round',
      { labels: [{ ...label, min: 3, max: 2 }] },
      /min of label 'kind' is 3, above max, 2/,
    ],
    [
      'a metric there is not',
      { metrics: ['accuracy', 'acuracy'] },
      /metrics\[1\] is 'acuracy': did you mean 'accuracy'\?/,
    ],
    ['metrics as one text', { metrics: 'accuracy' }, /metrics is 'accuracy': give a list/],
    ['a loss there is not', { loss: 'crossentropy' }, /loss is 'crossentropy'.*softmaxCrossEntropy/],
    ['no labels', { labels: [] }, /labels is a list of 0: give a list of at least 1/],
    [
      'cuts of a topology there is not',
      { cuts: { 'u-shape': 'a,b' } },
      /cuts\.u-shape is no topology .* mean u-shaped\?/,
    ],
    [
      'an option of an optimizer',
      { optimizer: [adam(), { ...sgd(), momentun: 1 }] },
      /optimizer\[1\] cannot be used: .*momentun/,
    ],
    ['a negative rate', { optimizer: sgd(-1) }, /optimizer cannot be used: .*learningRate is -1/],
    ['half a batch', { batch: 0.5 }, /batch is 0\.5: give a whole number from 1/],
    ['a model that is one', { model: tf.sequential() }, /model is an object \(Sequential\): give a function/],
    ['a bottom of no name', { bottoms: { '1 small': () => 1 } }, /bottoms\.1 small has a name that it cannot have/],
    ['columns that are no lists', { parties: ['age'] }, /parties\[0\] is 'age': give a list/],
    [
      'a kind of a column',
      {
        table: {
          columns: [
            { name: 'a', kind: 'label' },
            { name: 'b', kind: 'numbr' },
          ],
        },
      },
      /table cannot be used: .*numbr/,
    ],
  ])('with %s is refused with the path', async (_what, change, message) => {
    expect(await refusal(() => defineTask(loose({ ...tinyTask, ...change })))).toMatch(message);
  });

  it.each(Object.entries(taskFields).flatMap(([field, { optional }]) => (optional ? [] : [field])))(
    'without %s is refused, and so is one where it is null',
    async (field) => {
      const { [field]: _, ...rest } = { ...tinyTask } as Record<string, unknown>;
      expect(await refusal(() => defineTask(loose(rest)))).toMatch(new RegExp(`: ${field} is missing: give `));
      expect(await refusal(() => defineTask(loose({ ...rest, [field]: null })))).toMatch(
        new RegExp(`${field} (is null|cannot be used: unknown optimizer 'null')`),
      );
    },
  );

  it.each([undefined, null, 7, 'mnist', [tinyTask]])('that is none is refused: %s', async (given) => {
    expect(await refusal(() => defineTask(loose(given)))).toMatch(/is given .*: give an object/);
  });

  it('is taken with everything that it may have', () => {
    const task = {
      ...tinyTask,
      data: 'mnist',
      table: undefined,
      parties: [['a'], ['b']],
      source: 'file:///t.js',
      auxiliary: tinyTask.model,
    };
    expect(defineTask(task)).toBe(task);
  });
});

describe('options', () => {
  const data = tinyData();
  it.each<[string, () => unknown, RegExp]>([
    [
      'simulate: epoch',
      () => simulate(loose({ task: tinyTask, data, epoch: 5 })),
      /^simulate\(\): epoch is no field .* mean epochs\?/,
    ],
    [
      'simulate: a task that was not defined',
      () => simulate(loose({ task: { ...tinyTask, metrics: undefined }, data })),
      /task\.metrics is missing/,
    ],
    [
      'simulate: data without train',
      () => simulate(loose({ task: tinyTask, data: { trian: 1 } })),
      /the training data are undefined, which is no data set/,
    ],
    [
      'simulate: a batch that is no function',
      () => simulate(loose({ task: tinyTask, data: { train: { ...data.train, batch: [] } } })),
      /batch of the training data is \[\], not a function/,
    ],
    [
      'simulate: clients as text',
      () => simulate(loose({ task: tinyTask, data, clients: '4' })),
      /clients is '4': give a whole number/,
    ],
    [
      'simulate: a transport',
      () => simulate(loose({ task: tinyTask, data, transport: 'loopbak' })),
      /did you mean 'loopback'\?/,
    ],
    [
      'simulate: a topology',
      () => simulate({ task: tinyTask, data, topology: 'u-shape' }),
      /unknown topology 'u-shape': did you mean 'u-shaped'\?/,
    ],
    [
      'serve: a limit',
      () => serve(loose({ task: tinyTask, limits: { connection: 3 } })),
      /^serve\(\): limits\.connection is no .* mean connections\?/,
    ],
    ['serve: no task', () => serve(loose({ clients: 3 })), /task is missing: give a task/],
    [
      'serve: a port too high',
      () => serve({ task: tinyTask, port: 70_000 }),
      /port is 70000: give a whole number from 0 to 65535/,
    ],
    [
      'serve: one name for a list',
      () => serve(loose({ task: tinyTask, allowOrigin: 'https://a.example' })),
      /allowOrigin is '.*': give a list/,
    ],
    [
      'join: a share',
      () => join('ws://127.0.0.1:9', loose({ data, shard: [3, 3] })).finished,
      /^join\(\): shard is a list of 2: give \[index, count\]/,
    ],
    [
      'join: shared',
      () => join('ws://127.0.0.1:9', loose({ data, shards: [0, 3] })).finished,
      /shards is no field .* mean shard\?/,
    ],
    [
      'join: a signal',
      () => join('ws://127.0.0.1:9', loose({ data, leave: 1 })).finished,
      /leave is no field any more/,
    ],
    ['serve: grace', () => serve(loose({ task: tinyTask, grace: 3 })), /did you mean graceSeconds\?|grace is no field/],
    ['join: no data', () => join('ws://127.0.0.1:9', loose({})).finished, /data is missing/],
    ['predict: botom', () => predict('ws://127.0.0.1:9', [], loose({ botom: 'small' })).next(), /mean bottom\?/],
    ['participate: a place', () => participate(loose({ data, place: 1 })).next(), /place is 1: give \[index, count\]/],
    ['relay: sever', () => relay(loose({ sever: 'ws://127.0.0.1:9' })), /sever is no field .* mean server\?/],
    [
      'resolveRun: steps of a round',
      () => resolveRun(tinyTask, loose({ stepsPerRound: 3 })),
      /stepsPerRound is no field there is: there are topology/,
    ],
    [
      'resolveRun: what is no number',
      () => resolveRun(tinyTask, { deadlineSeconds: NaN }),
      /deadlineSeconds is NaN: give seconds above 0/,
    ],
    [
      'verticalModel: one input',
      () => verticalModel(loose({ inputs: [3], bottom: () => 1, top: () => 1 })),
      /inputs is a list of 1/,
    ],
    ['arrayDataset: scale', () => arrayDataset([], [], loose({ scale: 2 })), /arrayDataset\(\): scale is no field/],
  ])('of %s are refused with the path', async (_what, work, message) => {
    expect(await refusal(work)).toMatch(message);
  });
});

describe('data', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'a float64 array',
      { dtype: 'float32', shape: [2], data: new Float64Array(2) },
      /inputs\[1\]: data is a Float64Array, and float32 takes a Float32Array/,
    ],
    ['a plain list', { dtype: 'int32', shape: [2], data: [1, 2] }, /data is an Array, and int32 takes a Int32Array/],
    ['another dtype', { dtype: 'float64', shape: [2], data: new Float32Array(2) }, /dtype is float64, not float32/],
    ['too few values', { dtype: 'uint8', shape: [2], data: new Uint8Array(3) }, /data has 3 values/],
    ['no array', 7, /inputs\[1\]: dtype is undefined/],
  ])('of %s are refused where they are given', async (_what, array, message) => {
    expect(await refusal(() => arrayDataset([float32([2], [1, 2]), loose(array)], [int32([2], [0, 1])]))).toMatch(
      message,
    );
  });

  it('of a type of one’s own are refused in the step, whatever a data set makes', async () => {
    const train = {
      size: 20,
      label: () => 0,
      batch: (rows: ArrayLike<number>) =>
        loose({
          inputs: [{ dtype: 'float32', shape: [rows.length, 4], data: new Float64Array(4 * rows.length) }],
          labels: [int32([rows.length], new Array<number>(rows.length).fill(0))],
        }),
    };
    const run = {
      task: tinyTask,
      data: { train },
      clients: 1,
      steps: 2,
      transport: 'loopback',
      engine: 'tfjs',
    } as const;
    expect(await refusal(() => simulate(run))).toMatch(/(data is a Float64Array|no Float32Array)/);
  });

  it('of another type are no array at all', () => {
    expect(() => ndarray('float32', [1], loose(new Int32Array(1)))).toThrow(/Int32Array/);
  });
});

it.each([
  ['epoch', 'epochs'],
  ['lables', 'labels'],
  ['learning_rate', 'learningRate'],
  ['zzz', undefined],
])('%s is near %s', (given, meant) => {
  expect(nearestName(given, ['epochs', 'labels', 'learningRate', 'name'])).toBe(meant);
});
