import { beforeAll, describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { createRng } from '../../shared/rng.js';
import { CrashWorld, type Crash, type Mutant, type Victims, type WorldResult } from './crash-world.js';
import { mutants } from './mutants.js';

/**
 * Every named point, every time it is reached, is killed at: who reached it, all others, or everybody. The run must end with the very
 * weights and optimizer states, on both sides, of the run that nobody disturbed. A sample by default;
 *
 *     npm run crashes
 *
 * takes all of them.
 */
const all = process.env.TANDEM_CRASHES === 'all';
const seed = process.env.TANDEM_SEED ?? '61';
const SAMPLE = 7;
/** Steps between checkpoints: an odd number, so that rounds and checkpoints do not keep step. */
const EVERY = 3;
const victims: readonly Victims[] = ['self', 'peer', 'both'];

let engines: Record<string, Engine>;
beforeAll(async () => {
  engines = { tfjs: await chooseEngine('tfjs'), onnx: await chooseEngine('onnx') };
});

interface Setting {
  readonly schedule: string;
  readonly topology?: string;
  readonly engine?: string;
  readonly aggregation?: string;
  readonly alignEvery?: number;
  readonly bottoms?: readonly string[];
}

const settings: Record<string, Setting> = {
  'splitfed-v2': { schedule: 'splitfed-v2' },
  sequential: { schedule: 'sequential' },
  'splitfed-v1': { schedule: 'splitfed-v1' },
  'splitfed-v3': { schedule: 'splitfed-v3' },
  'splitfed-v1 with a momentum of the server': { schedule: 'splitfed-v1', aggregation: 'fedavgm:0.9' },
  'splitfed-v2, u-shaped': { schedule: 'splitfed-v2', topology: 'u-shaped' },
  'splitfed-v1, two kinds of bottoms, with a momentum of the server': {
    schedule: 'splitfed-v1',
    aggregation: 'fedavgm:0.9',
    bottoms: ['small', 'default'],
  },
  'splitfed-v3, two kinds of bottoms': { schedule: 'splitfed-v3', bottoms: ['default', 'small'] },
  async: { schedule: 'async' },
  'splitfed-v2, multi-hop': { schedule: 'splitfed-v2', topology: 'multi-hop' },
  fedavg: { schedule: 'fedavg' },
  'local-loss': { schedule: 'local-loss' },
  'local-loss, aligned': { schedule: 'local-loss', alignEvery: 3 },
  'splitfed-v2 on onnx': { schedule: 'splitfed-v2', engine: 'onnx' },
};

function runWorld(
  { engine, ...options }: Setting,
  crashes: readonly Crash[] = [],
  mutant?: Mutant,
): Promise<WorldResult> {
  return new CrashWorld(engines[engine ?? 'tfjs'] as Engine, options, EVERY, crashes, mutant).run();
}

/** Where the order of arrival decides: the same order, undisturbed. */
function inOrder({ engine, ...options }: Setting, { order }: WorldResult): Promise<WorldResult> {
  return new CrashWorld(engines[engine ?? 'tfjs'] as Engine, options, EVERY, [], {}, order).run();
}

/** All crashes of the points that a run reaches, or some of them. */
function crashesOf({ reached }: WorldResult, name: string, sample: number): Crash[] {
  const every = [...reached].flatMap(([point, count]) =>
    Array.from({ length: count }, (_, i) => victims.map((who) => ({ point, occurrence: i + 1, victims: who }))).flat(),
  );
  if (all) return every;
  const rng = createRng('crashes', seed, name);
  return [...rng.permutation(every.length)].slice(0, sample).flatMap((i) => every[i] ?? []);
}

/** What a crash changed; undefined when nothing did. */
async function damage(
  setting: Setting,
  crash: Crash,
  expected: WorldResult,
  mutant?: Mutant,
): Promise<string | undefined> {
  try {
    const result = await runWorld(setting, [crash], mutant);
    const same = setting.schedule === 'async' ? await inOrder(setting, result) : expected;
    if (result.digest !== same.digest || result.steps !== expected.steps) return 'it differs';
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'it failed';
  }
}

describe('a crash at any point', () => {
  it.each(Object.entries(settings))(
    `%s: changes not a bit on either side (TANDEM_SEED=${seed})`,
    async (name, setting) => {
      const expected = await runWorld(setting);
      expect(expected.steps).toBeGreaterThan(6);
      const damaged: unknown[] = [];
      for (const crash of crashesOf(expected, name, SAMPLE)) {
        const what = await damage(setting, crash, expected);
        if (what !== undefined) damaged.push({ ...crash, what });
      }
      expect(damaged).toEqual([]);
    },
    600_000,
  );

  const planted = Object.entries(mutants).flatMap(([name, mutant]) =>
    (mutant.schedules ?? ['splitfed-v2']).map((schedule) => [name, schedule, mutant] as const),
  );

  it.each(planted)(
    'finds %s (%s)',
    async (name, schedule, mutant) => {
      const setting = { schedule };
      const expected = await runWorld(setting);
      let found = 0;
      for (const crash of crashesOf(expected, name, 80)) {
        if ((await damage(setting, crash, expected, mutant)) !== undefined) found++;
        if (found > 0 && !all) break;
      }
      expect(found).toBeGreaterThan(0);
    },
    600_000,
  );
});
