import { expect, it } from 'vitest';
import { playWithLiars } from '../../bench/campaigns/liars/play.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';

it.each(['a', 'b', 'c', 'd'])('a run beside clients that lie, seed %s, ends as planned', async (seed) => {
  const { wrong, scene } = await playWithLiars(seed, await chooseEngine('tfjs'));
  expect(wrong, scene).toEqual([]);
});

it.each([
  ['a party that came first had other rows than all others', 'w7-1474'],
  ['an active party left in the middle of the tests, and another came', 'w8-3412'],
  ['a merge of sound bottoms made the own lane of an honest client overflow', 'w8-3206'],
])('%s: seed %s, which found that, ends as planned', async (_what, seed) => {
  const { wrong, scene } = await playWithLiars(seed, await chooseEngine('tfjs'));
  expect(wrong, scene).toEqual([]);
});
