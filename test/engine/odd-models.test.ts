import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
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
