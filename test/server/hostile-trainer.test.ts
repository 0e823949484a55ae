import { beforeAll, describe, expect, it } from 'vitest';
import { trainHostilely } from '../../bench/campaigns/hostile-trainer.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { fromHex, readGoldenFrames } from '../protocol/golden.js';

const seed = process.env.TANDEM_SEED ?? '20210607';
const originals = readGoldenFrames().map(({ hex }) => fromHex(hex));
let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const sample = (runs: number, schedule: string) =>
  trainHostilely({ runs, seed, originals, task: tinyTask, data: tinyData(), engine, schedule });

describe(`a client that turns hostile in the middle of its training (TANDEM_SEED=${seed})`, () => {
  it('changes no bit of the lane of another', async () => {
    const { changed, steps, frames, refusals } = await sample(20, 'splitfed-v1');
    expect(changed).toBe(0);
    expect(Math.min(steps, frames)).toBeGreaterThan(15);
    expect(Object.keys(refusals)).toEqual(expect.arrayContaining(['BAD_FRAME', 'BAD_MESSAGE']));
  });

  it('is noticed where it shares the lane of another', async () => {
    expect((await sample(5, 'splitfed-v2')).changed).toBeGreaterThan(0);
  });
});
