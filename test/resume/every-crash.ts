import { beforeAll, describe, expect, it } from 'vitest';
import { onTfjs, settings } from './crash-settings.js';
import { CrashTrials, crashesOf, shareOf, unreached } from './crash-trials.js';
import type { WorldResult } from './world-result.js';
import { planted } from './mutants.js';

/**
 * Every named point, every time it is reached, is killed at: who reached it, all others, or everybody. The run must end with the very
 * weights and optimizer states, on both sides, of the run that nobody disturbed. Run in parts, one a core; or one in 24 of them, by a
 * seed that is the day's where none is given, with every point in every setting:
 *
 *     npm run crashes
 *     npm run crashes:sample
 */
const [part, parts] = [Number(process.env.TANDEM_PART ?? 0), Number(process.env.TANDEM_PARTS ?? 1)];
const [share, seed] = [Number(process.env.TANDEM_SHARE ?? 1), process.env.TANDEM_SEED ?? ''];
const of = share === 1 ? '' : ` (TANDEM_SHARE=${share} TANDEM_SEED=${seed})`;
const isOurs = (_: unknown, index: number) => index % parts === part;

/** What a test tells the report of this campaign (test/resume/crash-report.ts). */
export interface CrashCount {
  readonly setting: string;
  /** How often each point was reached, by the run that nobody disturbed. */
  readonly reached: Readonly<Record<string, number>>;
  /** Crashes that all parts are to try. */
  readonly due: number;
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

  it.for(Object.entries(settings))(`%s: changes not a bit on either side${of}`, async ([name, setting], { task }) => {
    const expected = await trials.run(setting);
    runs.push(expected);
    expect(expected.steps).toBeGreaterThan(6);
    const damaged: unknown[] = [];
    const due = shareOf(crashesOf(expected), share, seed, name);
    const crashes = due.filter(isOurs);
    let worlds = 0;
    for (const crash of crashes) {
      const what = await trials.damage(setting, crash, expected);
      if (what !== undefined) damaged.push({ ...crash, what });
      worlds++;
    }
    task.meta.crashes = {
      setting: name,
      reached: Object.fromEntries(expected.reached),
      due: due.length,
      worlds,
      differ: damaged.length,
    };
    expect(damaged).toEqual([]);
  });

  it('compiles each graph once for all worlds', () => {
    const { asked, compiled } = trials.sessions;
    expect(compiled).toBeGreaterThan(0);
    expect(asked).toBeGreaterThan(4 * compiled);
  });

  it('comes to every point that has a name', () => expect(unreached(runs)).toEqual([]));

  it.for(planted.filter(isOurs))('finds %s (%s)', async ([name, where, mutant], { task }) => {
    const setting = onTfjs(where);
    const expected = await trials.run(setting);
    task.meta.plantedBug = name;
    for (const crash of crashesOf(expected)) {
      if ((await trials.damage(setting, crash, expected, mutant)) !== undefined) return;
    }
    expect.fail('no crash shows it');
  });
});
