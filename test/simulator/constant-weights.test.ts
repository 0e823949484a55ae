import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAggregator } from '../../server/aggregation/create-aggregator.js';
import { parseAggregation } from '../../shared/aggregation.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { buildPlaced } from '../../shared/model/build.js';
import { sizeOf, type NdArray } from '../../shared/ndarray.js';
import {
  decodeModelDefinition,
  encodeModelDefinition,
  type ModelDefinition,
} from '../../shared/protocol/model-definition.js';
import { stepByStep } from '../../shared/protocol/pace.js';
import { simulate } from '../../simulator/simulate.js';
import { oddData, oddModels, oddTask } from '../helpers/odd-models.js';

/** A base of 40 x 300 and 300 x 30 that is frozen, its normalisation included, between layers that are trained. */
function frozenBase(): tf.LayersModel {
  const base = tf.sequential({ name: 'base' });
  base.add(tf.layers.dense({ name: 'b1', units: 300, activation: 'tanh', inputShape: [40] }));
  base.add(tf.layers.batchNormalization({ name: 'b2' }));
  base.add(tf.layers.dense({ name: 'b3', units: 30 }));
  base.trainable = false;
  return tf.sequential({
    layers: [
      tf.layers.dense({ name: 'thin', units: 40, inputShape: [4] }),
      base,
      tf.layers.dense({ name: 'cut', units: 4 }),
      tf.layers.dense({ name: 'logits', units: 3 }),
    ],
  });
}

const FROZEN = 40 * 300 + 300 + 2 * 300 + 300 * 30 + 30;
const BOTTOM = 4 * 40 + 40 + 30 * 4 + 4;
/** What the normalisation gathers: a mean, a variance and what is left of the start. */
const GATHERED = 2 * 300 + 1;

let engine: Engine;
beforeAll(async () => void (engine = await chooseEngine('tfjs')));

/** The engine, and how many values its segments have given out and taken. */
function counting(): { readonly engine: Engine; readonly copied: () => number } {
  let copied = 0;
  const count = (values: readonly NdArray[]) => (copied += values.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  const segment: Engine['segment'] = async (options) => {
    const made = await engine.segment(options);
    const [weights, setWeights] = [made.weights.bind(made), made.setWeights.bind(made)];
    made.weights = async () => {
      const values = await weights();
      count(values);
      return values;
    };
    made.setWeights = (values) => {
      count(values);
      return setWeights(values);
    };
    return made;
  };
  return { engine: { ...engine, segment }, copied: () => copied };
}

const settings = { clients: 2, batch: 5, epochs: 3, seed: 11, engine: 'tfjs', transport: 'loopback' } as const;

describe('what is frozen', () => {
  it.each(['splitfed-v1', 'fedavg'])('travels once under %s, with the definition', async (schedule) => {
    const task = oddTask('cut', frozenBase);
    const { summary } = await simulate({ task, data: { train: oddData([4], 40) }, ...settings, schedule });
    const whole = schedule === 'fedavg' ? 4 * 3 + 3 : 0;
    // Down and up, of each client in each round.
    const each = 2 * 2 * settings.epochs;
    const values = 2 * FROZEN + each * (BOTTOM + GATHERED + whole);
    expect(summary.bytes.weights).toBeGreaterThan(4 * values);
    expect(summary.bytes.weights).toBeLessThan(4 * values + 2 * 9_000);
  });

  it('is not copied at a step of a lane, nor when a round ends', async () => {
    const { engine: counted, copied } = counting();
    const task = oddTask('thin', frozenBase);
    const data = { train: oddData([4], 40) };
    const { summary } = await simulate({ task, data, ...settings, schedule: 'splitfed-v1', loadedEngine: counted });
    // A lane remembers what a step of it moves by itself; at the end of each round all is read once and written once.
    const most = (summary.steps + 5 * (settings.epochs + 2)) * 2 * (BOTTOM + GATHERED + 15);
    expect(copied()).toBeGreaterThan(0);
    expect(copied()).toBeLessThan(most);
    expect(most).toBeLessThan(2 * summary.steps * FROZEN);
  });

  it.each([
    'a frozen base within a base',
    'a bottom that is wholly frozen',
    'a frozen wrapper',
    'a frozen layer in a base',
  ])('%s is in the trained model as in the undivided one', async (name) => {
    const { shape, cut, model } = oddModels[name] ?? { shape: [], cut: '', model: frozenBase };
    const run = { task: oddTask(cut, model), data: { train: oddData(shape, 23) }, ...settings, clients: 1 };
    const divided = await simulate({ ...run, schedule: 'splitfed-v1', topology: 'u-shaped' }).catch(() =>
      simulate({ ...run, schedule: 'splitfed-v1' }),
    );
    const undivided = await simulate({ ...run, schedule: 'centralised' });
    expect(divided.summary.weightsHash).toBe(undivided.summary.weightsHash);
  });

  it('is read from the definition as it was written, and nothing else', async () => {
    const { cut } = await buildPlaced(oddTask('cut', frozenBase), { seed: 3, topology: 'vanilla' });
    const [spec] = cut.specs;
    if (!spec) throw new Error('there is no bottom');
    const definition: ModelDefinition = {
      segments: [{ role: 'bottom', spec, optimizer: { kind: 'sgd', learningRate: 0.1 } }],
      labels: [],
      loss: null,
      metrics: [],
      pace: stepByStep,
    };
    expect(spec.constants?.map(({ layer, index }) => `${layer}/${index}`)).toEqual(
      [0, 1, 2, 3, 4, 5].map((index) => `base/${index}`),
    );
    const bytes = encodeModelDefinition(definition);
    expect(decodeModelDefinition(bytes)).toEqual(definition);
    const refused = (changed: Uint8Array) => () => decodeModelDefinition(changed);
    const longer = new Uint8Array([...bytes, 0]);
    expect(refused(bytes.subarray(0, -1))).toThrow(expect.objectContaining({ code: 'BAD_SHAPE' }));
    expect(refused(longer)).toThrow(expect.objectContaining({ code: 'BAD_SHAPE' }));
    const broken = bytes.slice();
    broken.set([0, 0, 0xc0, 0x7f], broken.length - 4);
    expect(refused(broken)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }));
    const json = bytes.subarray(0, bytes.indexOf(0));
    expect(refused(json)).toThrow(expect.objectContaining({ code: 'BAD_SHAPE' }));
  });

  it('is no business of a rule that averages', async () => {
    const { cut } = await buildPlaced(oddTask('cut', frozenBase), { seed: 3, topology: 'vanilla' });
    const [spec] = cut.specs;
    const weights = cut.weights[0] ?? [];
    const rule = createAggregator(parseAggregation('mean', 2), spec?.weights ?? []);
    const contributions = [0, 1].map((client) => ({ client, samples: 3, weights }));
    const merged = rule(weights, contributions, { slots: [] }).weights;
    expect(merged.reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(BOTTOM + GATHERED);
  });
});
