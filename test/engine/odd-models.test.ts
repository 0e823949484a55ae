import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { buildSegments } from '../../shared/model/build.js';
import type { NdArray } from '../../shared/ndarray.js';
import { verify } from '../../simulator/verify.js';
import { oddData, oddModels, oddTask } from '../helpers/odd-models.js';

describe.each(['tfjs', 'onnx'])('cut and whole agree on %s', (name) => {
  it.each(Object.entries(oddModels))('%s', async (_what, { shape, cut, model }) => {
    const notices: string[] = [];
    const engine = await chooseEngine(name, { onNotice: (text) => notices.push(text) });
    const options = { task: oddTask(cut, model), dataset: oddData(shape), engine, steps: 5, batch: 5, seed: 9 };
    const result = await verify(options);
    expect(result.maxAbsWeightDiff).toBeLessThanOrEqual(1e-4);
    expect(result.maxAbsGradientDiff).toBeLessThanOrEqual(1e-4);
    if (name === 'tfjs') expect(result.identical).toBe(true);
    expect(notices).toEqual([]);
  });
});

describe('cut models predict', () => {
  it.each(Object.entries(oddModels))('the same on both engines: %s', async (_what, { shape, cut, model }) => {
    const { specs, weights } = await buildSegments(oddTask(cut, model), 9);
    const batch = await oddData(shape, 5).batch([0, 1, 2, 3, 4]);
    const answers: NdArray[] = [];
    for (const name of ['tfjs', 'onnx']) {
      const engine = await chooseEngine(name);
      let values = batch.inputs;
      for (const [i, spec] of specs.entries()) {
        const segment = await engine.segment({
          spec,
          weights: weights[i] ?? [],
          optimizer: sgd(0.1),
          seed: 9,
          stream: 0,
        });
        values = (await segment.predict({ inputs: values })).outputs;
        segment.dispose();
      }
      answers.push(...values);
    }
    const [one, other] = answers;
    expect(one?.data.length).toBe(15);
    one?.data.forEach((value, i) => expect(value).toBeCloseTo(other?.data[i] ?? NaN, 5));
  });
});
