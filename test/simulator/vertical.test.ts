import { describe, expect, it } from 'vitest';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';

function run(options: Partial<SimulateOptions> = {}) {
  return simulate({
    task: verticalTask(),
    data: verticalData(),
    topology: 'vertical',
    clients: 4,
    seed: 3,
    engine: 'tfjs',
    transport: 'loopback',
    ...options,
  });
}

describe('a vertical run', () => {
  it.each([
    ['vertical', 4],
    ['vertical', 3],
    ['vertical-u-shaped', 4],
    ['vertical-u-shaped', 3],
  ])('%s with %i parties is the centralised one bit for bit', async (topology, clients) => {
    const divided = await run({ topology, clients });
    const whole = await run({ topology, schedule: 'centralised' });
    expect(divided.summary).toMatchObject({ topology, schedule: 'joint', steps: 14, samples: 90 });
    expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
    expect(divided.summary.testAccuracy).toBe(whole.summary.testAccuracy);
    expect(divided.summary.testLoss).toBeCloseTo(whole.summary.testLoss ?? NaN, 12);
  });
});
