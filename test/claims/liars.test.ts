import { expect, it } from 'vitest';
import { runWithLiars } from '../../bench/campaigns/liar-run.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';

/** How long a loop stands and how much memory a process takes are for the campaign, which has a process of its own. */
const MEASURED = /did not answer|grew by/;

it.each(['a', 'b'])(
  'a run beside clients that lie, seed %s, ends as planned; npm run campaign:liars has more',
  async (seed) => {
    const wrong = await runWithLiars(seed, await chooseEngine('tfjs'));
    expect(
      wrong.filter((what) => !MEASURED.test(what)),
      `seed ${seed}`,
    ).toEqual([]);
  },
  60_000,
);
