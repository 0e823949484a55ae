import { describe, expect, it } from 'vitest';
import { planRound, plannedSteps, sharesOf, type PlanSettings, type Worker } from '../../server/run/plan-round.js';
import { SeededOrder } from '../../server/run/seeded-order.js';
import { createRng } from '../../shared/rng.js';
import { findSchedule } from '../../shared/schedules.js';
import { placesOf } from './drive-run.js';

const interleaved: PlanSettings = {
  schedule: findSchedule('splitfed-v2'),
  seed: 11,
  batch: 7,
  epochs: 2,
  steps: Infinity,
  roundSteps: undefined,
  participation: 1,
};
const inTurns: PlanSettings = { ...interleaved, schedule: findSchedule('sequential') };
// 3, 5 and 1 steps an epoch.
const workers: Worker[] = [
  { client: 0, samples: 21, done: 0, missed: 0 },
  { client: 2, samples: 29, done: 0, missed: 0 },
  { client: 5, samples: 3, done: 0, missed: 0 },
];
const countOf = (order: readonly number[], client: number) => order.filter((place) => place === client).length;

/** What each turn of a plan comes to. */
const turnsOf = (settings: PlanSettings, own: readonly Worker[], round: number, done: number) =>
  planRound(settings, own, round, done).map((turn) => ({
    clients: sharesOf(settings, turn, round).map(({ client }) => client),
    order: placesOf(turn, settings.seed, round),
  }));

describe('a round of clients in turns', () => {
  it('is one turn a client, in the order of their numbers, an epoch long', () => {
    expect(turnsOf(inTurns, workers, 0, 0)).toEqual([
      { clients: [0], order: [0, 0, 0] },
      { clients: [2], order: [2, 2, 2, 2, 2] },
      { clients: [5], order: [5] },
    ]);
  });

  it('is as long as roundSteps says, but no longer than a client has left', () => {
    const late = workers.map((worker) => ({ ...worker, done: worker.client === 2 ? 9 : 2, missed: 0 }));
    expect(turnsOf({ ...inTurns, roundSteps: 3 }, late, 3, 11).map(({ order }) => order)).toEqual([[0, 0, 0], [2]]);
  });

  it('stops at the steps of the whole run, in the middle of a turn', () => {
    expect(turnsOf({ ...inTurns, steps: 19 }, workers, 1, 13).map(({ order }) => order)).toEqual([
      [0, 0, 0],
      [2, 2, 2],
    ]);
  });
});

describe('a round of interleaved clients', () => {
  it('is one turn with every step of every client', () => {
    const [turn, ...rest] = turnsOf(interleaved, workers, 0, 0);
    expect(rest).toEqual([]);
    expect(turn?.clients).toEqual([0, 2, 5]);
    expect([0, 2, 5].map((client) => countOf(turn?.order ?? [], client))).toEqual([3, 5, 1]);
  });

  it('gives every client that has steps left one before any gets another', () => {
    const [turn] = turnsOf(interleaved, workers, 0, 0);
    const order = turn?.order ?? [];
    expect(order.slice(0, 3).toSorted()).toEqual([0, 2, 5]);
    expect(order.slice(3, 5).toSorted()).toEqual([0, 2]);
    expect(order.slice(5, 7).toSorted()).toEqual([0, 2]);
    expect(order.slice(7)).toEqual([2, 2]);
  });

  it('is the same for the same seed and round, and another for others', () => {
    const many = Array.from({ length: 7 }, (_, client) => ({ client, samples: 49, done: 0, missed: 0 }));
    const order = (seed: number, round: number) => turnsOf({ ...interleaved, seed }, many, round, 0)[0]?.order.join('');
    expect(order(11, 3)).toBe(order(11, 3));
    expect(new Set([order(11, 3), order(11, 4), order(12, 3)]).size).toBe(3);
  });

  it('leaves out clients whose steps are cut off', () => {
    const [turn] = turnsOf({ ...interleaved, steps: 2 }, workers, 0, 0);
    expect(turn?.order).toHaveLength(2);
    expect(turn?.clients).toEqual(turn?.order.toSorted());
  });
});

describe('every plan', () => {
  it.each([interleaved, inTurns])('is empty when all steps are done', (settings) => {
    const done = workers.map((worker) => ({ ...worker, done: 2 * Math.ceil(worker.samples / 7), missed: 0 }));
    expect(planRound(settings, done, 2, 18)).toEqual([]);
    expect(planRound({ ...settings, steps: 17 }, workers, 2, 17)).toEqual([]);
    expect(planRound(settings, [], 0, 0)).toEqual([]);
  });

  it.each([interleaved, inTurns])('goes on until the steps are done when epochs do not end the run', (settings) => {
    const endless = { ...settings, epochs: Infinity, steps: 1_003 };
    const far = workers.map((worker) => ({ ...worker, done: 333, missed: 0 }));
    expect(turnsOf(endless, far, 111, 999).flatMap(({ order }) => order)).toHaveLength(4);
  });

  it('counts the steps of the run ahead', () => {
    expect(plannedSteps(interleaved, workers)).toBe(18);
    expect(plannedSteps({ ...interleaved, steps: 13 }, workers)).toBe(13);
    expect(plannedSteps({ ...interleaved, epochs: Infinity, steps: 131 }, workers)).toBe(131);
  });
});

/** The whole order at once, as an array: what is drawn step by step must be the same. */
function interleave(quotas: readonly { client: number; steps: number }[], seed: number, round: number): number[] {
  const rng = createRng('order', seed, round);
  const longest = Math.max(0, ...quotas.map(({ steps }) => steps));
  return Array.from({ length: longest }, (_, tick) => {
    const active = quotas.filter(({ steps }) => steps > tick);
    return [...rng.permutation(active.length)].map((i) => active[i]?.client ?? -1);
  }).flat();
}

describe('the order of a turn', () => {
  const drawn = createRng('orders', process.env.TANDEM_SEED ?? '59');

  it('is the one that is drawn at once, wherever it is cut off or taken up again', () => {
    for (let i = 0; i < 300; i++) {
      const quotas = Array.from({ length: 1 + drawn.int(9) }, (_, client) => ({
        client: 3 * client,
        steps: 1 + drawn.int(13),
      }));
      const [seed, round] = [drawn.int(1_000), drawn.int(100)];
      const expected = interleave(quotas, seed, round);
      expect(placesOf({ quotas, places: expected.length }, seed, round)).toEqual(expected);
      const at = drawn.int(expected.length);
      expect(new SeededOrder(quotas, seed, round).passMany(at).current).toBe(expected[at]);
      const shares = sharesOf({ seed }, { quotas, places: at }, round);
      const counted = quotas.map(({ client }) => ({ client, steps: countOf(expected.slice(0, at), client) }));
      expect(shares).toEqual(counted.filter(({ steps }) => steps > 0));
    }
  });

  it('ends after the last place', () => {
    expect(new SeededOrder([{ client: 5, steps: 2 }], 11, 0).passMany(2).current).toBeUndefined();
  });
});
