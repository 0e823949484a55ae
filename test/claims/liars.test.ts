import { expect, it } from 'vitest';
import { playWithLiars } from '../../bench/campaigns/liars/play.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';

it.each(['a', 'b', 'c', 'd'])('a run beside clients that lie, seed %s, ends as planned', async (seed) => {
  const { wrong, scene } = await playWithLiars(seed, await chooseEngine('tfjs'));
  expect(wrong, scene).toEqual([]);
});
