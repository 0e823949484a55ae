import { beforeAll, describe, expect, it } from 'vitest';
import { settings, type Setting } from './crash-settings.js';
import { CrashTrials, crashesOf, unreached } from './crash-trials.js';
import type { WorldResult } from './crash-world.js';
import { planted } from './mutants.js';

/**
 * Every named point, every time it is reached, is killed at: who reached it, all others, or everybody. The run must end with the very
 * weights and optimizer states, on both sides, of the run that nobody disturbed. Run in parts, one a core:
 *
 *     npm run crashes
 */
const [part, parts] = [Number(process.env.TANDEM_PART ?? 0), Number(process.env.TANDEM_PARTS ?? 1)];
const isOurs = (_: unknown, index: number) => index % parts === part;

/** What a test tells the report of this campaign (test/resume/crash-report.ts). */
export interface CrashCount {
  readonly setting: string;
  /** How often each point was reached, by the run that nobody disturbed. */
  readonly reached: Readonly<Record<string, number>>;
  /** In this part. */
  readonly worlds: number;
  readonly differ: number;
}

declare module 'vitest' {
  interface TaskMeta {
    crashes?: CrashCount;
    plantedBug?: string;
  }
}

let trials: CrashTrials;
beforeAll(async () => void (trials = await CrashTrials.open()));

describe('every crash', () => {
  const runs: WorldResult[] = [];

  it.for(Object.entries(settings))('%s: changes not a bit on either side', async ([name, setting], { task }) => {
    const expected = await trials.run(setting);
    runs.push(expected);
    expect(expected.steps).toBeGreaterThan(6);
    const damaged: unknown[] = [];
    const crashes = crashesOf(expected).filter(isOurs);
    let worlds = 0;
    for (const crash of crashes) {
      const what = await trials.damage(setting, crash, expected);
      if (what !== undefined) damaged.push({ ...crash, what });
      worlds++;
    }
    task.meta.crashes = {
      setting: name,
      reached: Object.fromEntries(expected.reached),
      worlds,
      differ: damaged.length,
    };
    expect(damaged).toEqual([]);
  });

  it('comes to every point that has a name', () => expect(unreached(runs)).toEqual([]));

  it.for(planted.filter(isOurs))('finds %s (%s)', async ([name, schedule, mutant], { task }) => {
    const setting: Setting = { engine: 'tfjs', schedule };
    const expected = await trials.run(setting);
    task.meta.plantedBug = name;
    for (const crash of crashesOf(expected)) {
      if ((await trials.damage(setting, crash, expected, mutant)) !== undefined) return;
    }
    expect.fail('no crash shows it');
  });
});
