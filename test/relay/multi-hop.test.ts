import { describe, expect, it } from 'vitest';
import { maxAbsDifference } from '../../shared/ndarray.js';
import { refusalOf } from '../../shared/combinations.js';
import { findSchedule, scheduleNames } from '../../shared/schedules.js';
import { findTopology } from '../../shared/topologies.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { madeUpDigits } from '../helpers/digits.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const data = tinyData(63, 5);
const networked = scheduleNames
  .map(findSchedule)
  .filter((schedule) => schedule.clients !== 'none' && !refusalOf(findTopology('multi-hop'), schedule));

async function run(options: Partial<SimulateOptions> = {}) {
  return simulate({
    task: tinyTask,
    data,
    topology: 'multi-hop',
    clients: 3,
    epochs: 3,
    seed: 17,
    engine: 'tfjs',
    transport: 'loopback',
    ...options,
  });
}

describe.each(networked)('a relay under the schedule $name', ({ name }) => {
  it('makes no difference to one client: it is the centralised model bit for bit', async () => {
    const options = { clients: 1, roundSteps: 4, schedule: name };
    const relayed = await run(options);
    const whole = await run({ ...options, schedule: 'centralised', topology: 'vanilla', roundSteps: undefined });
    expect(relayed.summary.weightsHash).toBe(whole.summary.weightsHash);
    expect(relayed.summary.testLoss).toBe(whole.summary.testLoss);
  });
});

describe('several relays in a row', () => {
  const task = { ...findTask('mnist-norm'), cuts: { 'multi-hop': 'conv1,drop1,conv2,average' } };
  const digits = madeUpDigits(96);

  it.each([1, 2, 3])('%i keep three segments with random and moving layers, and change nothing', async (relays) => {
    const options = { task, data: digits, clients: 1, epochs: 1, batch: 24, schedule: 'sequential' };
    const relayed = await run({ ...options, relays });
    const whole = await run({ ...options, schedule: 'centralised', topology: 'vanilla' });
    expect(relayed.summary.weightsHash).toBe(whole.summary.weightsHash);
  });
});

describe('the compiled engine', () => {
  it('differs from the centralised model by rounding only', async () => {
    const options = { task: findTask('mnist-mlp'), data: madeUpDigits(256), clients: 1, epochs: 1, engine: 'onnx' };
    const relayed = await run({ ...options, transport: 'websocket' });
    const whole = await run({ ...options, schedule: 'centralised', topology: 'vanilla' });
    const differences = relayed.trained.weights.map((w, i) => maxAbsDifference(w, whole.trained.weights[i] ?? w));
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });
});

describe('nonsense is refused with the reason', () => {
  it.each([
    [{ relays: 2 }, /relays is 2, and topology 'multi-hop' leaves 1 segment of task 'tiny' to relays/],
    [{ relays: 0 }, /relays is 0/],
    [{ relays: 1, topology: 'vanilla' }, /topology 'vanilla' leaves 0 segments/],
    [{ task: { ...tinyTask, cuts: {} } }, /topology 'multi-hop' needs 2 cuts, task 'tiny' has 1/],
  ])('%o', async (options, message) => {
    await expect(run(options)).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });
});
