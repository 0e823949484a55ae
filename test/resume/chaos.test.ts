import { describe, expect, it } from 'vitest';
import { chaosRun } from '../../bench/campaigns/chaos-run.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const seed = process.env.TANDEM_SEED ?? '83';

describe('a run behind a proxy that delays, splits, stalls and resets', () => {
  it(`is the same, bit for bit (TANDEM_SEED=${seed}); npm run chaos has more of it`, async () => {
    const engine = await chooseEngine('tfjs');
    const run = { schedule: 'splitfed-v2', clients: 4, epochs: 2, batch: 3, roundSteps: 2, seed: 7 };
    const { same, faults, reconnects } = await chaosRun({
      task: tinyTask,
      data: tinyData(),
      engine,
      run,
      every: 15,
      seed,
    });
    expect(same).toBe(true);
    expect(faults.reset + faults.stall).toBeGreaterThan(0);
    expect(reconnects).toBeGreaterThan(0);
  });
});
