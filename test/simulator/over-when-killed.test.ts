import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { folderOf } from '../helpers/temp-files.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';

const common = { epochs: 2, batch: 7, seed: 17, engine: 'tfjs', transport: 'loopback', clients: 3 } as const;

describe('a simulation that was killed when its last step was done', () => {
  it.each<[string, SimulateOptions]>([
    ['clients with rows', { ...common, task: tinyTask, data: tinyData(65, 5) }],
    ['parties with features', { ...common, task: verticalTask(), data: verticalData(65, 5), topology: 'vertical' }],
  ])('is gone on with to the same end: %s', async (_who, options) => {
    const folder = await folderOf({});
    const [state, copy] = [join(folder, 'state'), join(folder, 'copy')];
    const whole = await simulate({
      ...options,
      state,
      // All that a kill would leave, once the run is over and before anybody has put it away.
      beforeClosing: () => cp(state, copy, { recursive: true, filter: (path) => !path.endsWith('lock') }),
    });
    const again = await simulate({ ...options, state: copy });
    expect(again.summary.weightsHash).toBe(whole.summary.weightsHash);
    expect(again.summary).toMatchObject({ steps: whole.summary.steps, testLoss: whole.summary.testLoss });
  });
});
