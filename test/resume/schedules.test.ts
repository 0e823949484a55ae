import { describe, expect, it } from 'vitest';
import type { WorldBugs } from '../../bench/campaigns/schedule-endpoint.js';
import { playSchedule } from '../../bench/campaigns/schedule-world.js';

const seed = process.env.TANDEM_SEED ?? '71';
const SCHEDULES = 400;

describe('schedules of a simulated world', () => {
  it(`come to what an undisturbed one comes to (TANDEM_SEED=${seed}); npm run campaign:schedules has more`, () => {
    let crashes = 0;
    for (let i = 0; i < SCHEDULES; i++) {
      const played = playSchedule(`${seed}/${i}`);
      expect(played.wrong, `schedule ${seed}/${i}`).toBeUndefined();
      crashes += played.crashes;
    }
    expect(crashes).toBeGreaterThan(SCHEDULES / 2);
  });

  const bugs: Record<string, WorldBugs> = {
    'a side that takes messages before it has sent what they answer': { noAfter: true },
    'a side that lets the other one forget what a checkpoint holds that may not be gone back to': {
      settlesEarly: true,
    },
    'a side that does not write down what may be asked for': { keepsNothing: true },
    'a side that takes a message twice': { takesTwice: true },
    'a client that writes a third checkpoint before the second is safe': { hurries: true },
    'a client that does not go back when its server does': { staysNew: true },
    'a server that merges before the last update': { mergesEarly: true },
    'a side that sends again without waiting for room': { neverWaits: true },
  };

  it.each(Object.entries(bugs))('find %s', (_, bug) => {
    const found = Array.from({ length: 300 }, (_, i) => i).some((i) => playSchedule(`${seed}/${i}`, bug).wrong);
    expect(found).toBe(true);
  });
});
