import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';
import { TandemError } from '../../shared/errors.js';
import { buildModel, buildSegments } from '../../shared/model/build.js';
import { cutModel } from '../../shared/model/cut.js';
import { parseCuts } from '../../shared/model/parse-cuts.js';
import { hashWeights, mergeWeights, readModelWeights } from '../../shared/model/weights.js';
import { identical } from '../../shared/ndarray.js';
import { withSeededRandom } from '../../shared/rng.js';
import { builtInTasks, findTask } from '../../shared/tasks/find-task.js';

beforeAll(() => useBestBackend());

const { dense, concatenate, add } = tf.layers;

/** Two inputs, two outputs, a skip from the first layer to the last. */
function tangle(): tf.LayersModel {
  const left = tf.input({ shape: [3], name: 'left' });
  const right = tf.input({ shape: [5], name: 'right' });
  const a = dense({ units: 4, name: 'a', activation: 'tanh' }).apply(left) as tf.SymbolicTensor;
  const b = dense({ units: 6, name: 'b', activation: 'relu' }).apply(right) as tf.SymbolicTensor;
  const joined = concatenate({ name: 'joined' }).apply([a, b]) as tf.SymbolicTensor;
  const c = dense({ units: 4, name: 'c' }).apply(joined) as tf.SymbolicTensor;
  const skip = add({ name: 'skip' }).apply([a, c]) as tf.SymbolicTensor;
  const d = dense({ units: 2, name: 'd' }).apply(skip) as tf.SymbolicTensor;
  const e = dense({ units: 1, name: 'e' }).apply(c) as tf.SymbolicTensor;
  return tf.model({ inputs: [left, right], outputs: [d, e], name: 'tangle' });
}

async function runSegments(model: tf.LayersModel, cuts: string, inputs: tf.Tensor[]): Promise<tf.Tensor[]> {
  const { specs, weights } = cutModel(model, parseCuts(cuts));
  let tensors = inputs;
  for (const [i, spec] of specs.entries()) {
    const segment = await tf.models.modelFromJSON(JSON.parse(spec.topology) as tf.io.ModelJSON['modelTopology']);
    let next = 0;
    for (const layer of segment.layers) {
      const own = (weights[i] ?? []).slice(next, (next += layer.weights.length));
      layer.setWeights(own.map((value) => tf.tensor(value.data, value.shape as number[])));
    }
    const out = segment.apply(tensors.length === 1 && tensors[0] ? tensors[0] : tensors) as tf.Tensor | tf.Tensor[];
    tensors = Array.isArray(out) ? out : [out];
  }
  return tensors;
}

describe('cutting', () => {
  it.each(['joined', 'a+b', 'c', 'skip+c', 'a+b,c', 'a+b,joined,c', 'c,skip'])(
    'gives the same outputs as the whole for the cut %s',
    async (cuts) => {
      const model = withSeededRandom(['tangle', 3], tangle);
      const inputs = withSeededRandom(['inputs', 3], () => [tf.randomNormal([7, 3]), tf.randomNormal([7, 5])]);
      const whole = model.predict(inputs) as tf.Tensor[];
      const parts = await runSegments(model, cuts, inputs);
      expect(parts).toHaveLength(2);
      for (const [i, output] of whole.entries()) expect(parts[i]?.dataSync()).toEqual(output.dataSync());
    },
  );

  it('sends every tensor that a later part reads', () => {
    const { specs } = cutModel(tangle(), parseCuts('c'));
    expect(specs[0]?.outputs.map(({ shape }) => shape)).toEqual([[4], [4]]);
    expect(specs[1]?.inputs).toHaveLength(2);
  });

  it('carries a long skip through the middle', async () => {
    const { specs } = cutModel(await buildModel(findTask('mnist-residual'), 5), parseCuts('conv2,conv3'));
    expect(specs.map((spec) => spec.outputs.length)).toEqual([2, 2, 1]);
  });

  it('leaves the model as it was', () => {
    const model = withSeededRandom(['tangle', 4], tangle);
    const before = readModelWeights(model);
    cutModel(model, parseCuts('joined'));
    expect(model.layers.every((layer) => layer.inboundNodes.length === 1)).toBe(true);
    readModelWeights(model).forEach((weight, i) => expect(identical(weight, before[i] ?? weight)).toBe(true));
  });

  it('leaves no tensors behind', () => {
    const model = tangle();
    const before = tf.memory().numTensors;
    cutModel(model, parseCuts('joined'));
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([...builtInTasks.values()].map((task) => [task.name, task] as const))(
    'merges the parts of %s back into a model with their weights',
    async (_name, task) => {
      const { specs, weights } = await buildSegments(task, 11);
      const merged = mergeWeights(await buildModel(task, 12), specs, weights);
      expect(hashWeights(readModelWeights(merged))).toBe(hashWeights(readModelWeights(await buildModel(task, 11))));
      expect(hashWeights(readModelWeights(merged))).not.toBe(hashWeights(readModelWeights(await buildModel(task, 12))));
    },
  );

  it('refuses to merge when a segment is missing', async () => {
    const { specs, weights } = await buildSegments(findTask('mnist-mlp'), 11);
    const model = await buildModel(findTask('mnist-mlp'), 11);
    expect(() => mergeWeights(model, specs.slice(1), weights.slice(1))).toThrow(/no segment holds.*hidden1/);
  });
});

describe('a cut that does not separate the model', () => {
  it.each([
    ['an unknown layer', 'nowhere', /no layer 'nowhere'/, /joined/],
    ['the last layer', 'd+e', /no layer is left above the cut at 'd\+e'/, /separates/],
    ['the input', 'left', /no layer stands between the input and the cut at 'left'/, /separates/],
    ['a raw input read above', 'a', /'b' above it reads the raw input 'right'/, /cut after/],
    [
      'cuts in the wrong order',
      'c,joined',
      /no layer stands between the cut at 'c' and the cut at 'joined'/,
      /separates/,
    ],
    ['the same cut twice', 'c,c', /no layer stands between/, /separates/],
  ])('is refused: %s', (_why, cuts, message, action) => {
    const refusal = refusalOf(() => cutModel(tangle(), parseCuts(cuts)));
    expect(refusal.code).toBe('BAD_CUT');
    expect(refusal.message).toMatch(message);
    expect(refusal.action).toMatch(action);
  });

  it('is refused where a mask would be lost, and only there', () => {
    const { embedding, lstm } = tf.layers;
    const model = tf.sequential({
      layers: [
        embedding({ name: 'words', inputDim: 11, outputDim: 3, maskZero: true, inputLength: 5 }),
        lstm({ name: 'lower', units: 4, returnSequences: true }),
        lstm({ name: 'upper', units: 4 }),
        dense({ name: 'logits', units: 2 }),
      ],
    });
    for (const cut of ['words', 'lower']) {
      const refusal = refusalOf(() => cutModel(model, [cut]));
      expect(refusal.message).toBe(`the mask that layer 'words' makes would be lost where '${cut}' is cut`);
    }
    expect(cutModel(model, ['upper']).specs).toHaveLength(2);
  });

  it('is refused when a layer with weights is used on both sides', () => {
    const input = tf.input({ shape: [4] });
    const twice = dense({ units: 4, name: 'twice' });
    const middle = dense({ units: 4, name: 'middle' });
    const output = twice.apply(middle.apply(twice.apply(input))) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: output });
    const refusal = refusalOf(() => cutModel(model, ['middle']));
    expect(refusal.message).toMatch(/'twice' has weights and is used both in segment 0 and in segment 1/);
  });
});

function refusalOf(run: () => unknown): TandemError {
  try {
    run();
  } catch (error) {
    if (error instanceof TandemError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
