import { describe, expect, it } from 'vitest';
import { ruleNames } from '../../shared/aggregation.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const settings = { task: tinyTask, data: tinyData(63, 5), clients: 3, epochs: 3, seed: 17 } as const;

async function run(options: Partial<SimulateOptions>) {
  const { summary } = await simulate({ ...settings, engine: 'tfjs', transport: 'loopback', ...options });
  return summary;
}

describe('a run', () => {
  it('has another network for every rule, the same twice, and says which it was', async () => {
    const first = await Promise.all(ruleNames.map((aggregation) => run({ aggregation })));
    const again = await Promise.all(ruleNames.map((aggregation) => run({ aggregation })));
    expect(again.map(({ weightsHash }) => weightsHash)).toEqual(first.map(({ weightsHash }) => weightsHash));
    expect(first.map(({ aggregation }) => aggregation)).toEqual(ruleNames);
    // Of three clients the trimmed mean is the median, and multi-Krum with f = 0 the mean of all, of equal shares.
    const alike = ['trimmed-mean', 'multi-krum'];
    expect(new Set(first.map(({ weightsHash }) => weightsHash)).size).toBe(ruleNames.length - alike.length);
  });

  it('aggregates tops by the rule too, where each client has one', async () => {
    const tops = { schedule: 'splitfed-v3', roundSteps: 1 };
    expect((await run({ ...tops, aggregation: 'median' })).weightsHash).not.toBe((await run(tops)).weightsHash);
    expect((await run({ ...tops, aggregation: 'fedadam' })).weightsHash).not.toBe((await run(tops)).weightsHash);
  });

  it('has no rule where there is nothing to aggregate', async () => {
    expect(await run({ schedule: 'sequential' })).toMatchObject({ aggregation: null, proximal: 0 });
  });

  it('with a proximal term is another from the second step of a round on', async () => {
    const [mu, none] = [{ proximal: 3.7 }, { proximal: 0 }];
    const ofOneStep = [await run({ ...mu, roundSteps: 1 }), await run({ ...none, roundSteps: 1 })];
    expect(ofOneStep[0]?.weightsHash).toBe(ofOneStep[1]?.weightsHash);
    const ofTwo = [await run({ ...mu, roundSteps: 2 }), await run({ ...none, roundSteps: 2 })];
    expect(ofTwo[0]?.weightsHash).not.toBe(ofTwo[1]?.weightsHash);
    expect(ofTwo[0]).toMatchObject({ proximal: 3.7, steps: 27 });
  });
});
