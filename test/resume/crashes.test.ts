import { beforeAll, describe, expect, it } from 'vitest';
import { crashPoints, type CrashPoint } from '../../shared/crash-point.js';
import { createRng } from '../../shared/rng.js';
import { rangesOf, stageNames } from '../../shared/wire/codec-registry.js';
import { onTfjs, settings, type Setting } from './crash-settings.js';
import { CrashTrials, crashesOf, shareOf, unreached } from './crash-trials.js';
import type { Crash, Mutant } from './crash.js';
import type { WorldResult } from './world-result.js';
import { planted } from './mutants.js';
import { wholeSuite } from '../helpers/whole-suite.js';

/**
 * Some of the crashes that test/resume/every-crash.ts tries: a run is killed at a named point, and must end with the very weights and
 * optimizer states, on both sides, of the run that nobody disturbed.
 */
const seed = process.env.TANDEM_SEED ?? '61';
const SAMPLE = 1;
const MUTANT_SAMPLE = 80;

let trials: CrashTrials;
beforeAll(async () => void (trials = await CrashTrials.open()));

function some(run: WorldResult, name: string, count: number, { points = crashPoints, times }: Mutant = {}): Crash[] {
  const [first, last] = times ?? [1, Infinity];
  const every = crashesOf(run).filter(
    ({ point, occurrence }) => points.includes(point) && occurrence >= first && occurrence <= last,
  );
  const rng = createRng('crashes', seed, name);
  return [...rng.permutation(every.length)].slice(0, count).flatMap((i) => every[i] ?? []);
}

describe('a crash at any point', () => {
  const runs: WorldResult[] = [];

  const tried = Object.entries(settings).filter(([, { engine }]) => wholeSuite || engine === 'tfjs');

  it.each(tried)(`%s: changes not a bit on either side (TANDEM_SEED=${seed})`, async (name, setting) => {
    const expected = await trials.run(setting);
    runs.push(expected);
    expect(expected.steps).toBeGreaterThan(6);
    const damaged: unknown[] = [];
    for (const crash of some(expected, name, SAMPLE)) {
      const what = await trials.damage(setting, crash, expected);
      if (what !== undefined) damaged.push({ ...crash, what });
    }
    expect(damaged).toEqual([]);
  });

  it.runIf(wholeSuite)('compiles each graph once for all worlds', () => {
    const { asked, compiled } = trials.sessions;
    expect(compiled).toBeGreaterThan(0);
    expect(asked).toBeGreaterThan(4 * compiled);
  });

  it('comes to every point that has a name, and says so when one is never reached', () => {
    expect(unreached(runs)).toEqual([]);
    expect(unreached(runs, [...crashPoints, 'server.never'])).toEqual(['server.never']);
  });

  it('is tried with every codec that there is, and with every range of one', () => {
    const sums = Object.values(settings).flatMap(({ codecUp, codecDown, codecWeights }) =>
      [codecUp, codecDown, codecWeights].flatMap((name) => name?.split('+') ?? []),
    );
    const words = sums.map((stage) => /^\w+/.exec(stage)?.[0]);
    const known = stageNames.map((name) => /^\w+/.exec(name)?.[0]);
    expect(known).toEqual(expect.arrayContaining(['fp16', 'delta', 'rans']));
    expect(known.filter((word) => !words.includes(word))).toEqual([]);
    const ranges = sums.flatMap((stage) => (/^int\d/.test(stage) ? [stage.split(':')[1] ?? 'sample'] : []));
    expect(rangesOf.filter((range) => !ranges.includes(range))).toEqual([]);
  });

  it('is tried by a share of all crashes too: other ones for another seed, and every point with everybody who is killed there', () => {
    const reached = new Map<CrashPoint, number>([
      ['client.after-save', 7],
      ['server.finished', 1],
      ['server.before-save', 29],
    ]);
    const every = crashesOf({ reached });
    expect(shareOf(every, 1, 'a')).toEqual(every);
    const thirds = ['a', 'b'].map((of) => shareOf(every, 3, of));
    expect(thirds.map((third) => third.length)).toEqual([3 * (3 + 1 + 10), 3 * (3 + 1 + 10)]);
    expect(thirds[0]).not.toEqual(thirds[1]);
    for (const third of thirds) {
      expect(new Set(third).size).toBe(third.length);
      expect(every).toEqual(expect.arrayContaining(third));
      expect(new Set(third.map(({ point, victims }) => `${point} ${victims}`)).size).toBe(9);
    }
  });

  it('does not pass when it never comes', async () => {
    const setting: Setting = { engine: 'tfjs', schedule: 'splitfed-v2' };
    const crash: Crash = { point: 'server.finished', occurrence: 2, victims: 'self' };
    expect(await trials.damage(setting, crash, await trials.run(setting))).toBe('it was not reached');
  });

  it.each(planted)('finds %s (%s)', async (name, where, mutant) => {
    const setting = onTfjs(where);
    const expected = await trials.run(setting);
    for (const crash of some(expected, name, MUTANT_SAMPLE, mutant)) {
      if ((await trials.damage(setting, crash, expected, mutant)) !== undefined) return;
    }
    expect.fail(`no crash of ${MUTANT_SAMPLE} shows it (TANDEM_SEED=${seed})`);
  });
});
