import { describe, expect, it } from 'vitest';
import { planRound, plannedSteps, type PlanSettings, type Worker } from '../../server/run/plan-round.js';
import { findSchedule } from '../../shared/schedules.js';

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
  { client: 0, samples: 21, done: 0 },
  { client: 2, samples: 29, done: 0 },
  { client: 5, samples: 3, done: 0 },
];
const countOf = (order: readonly number[], client: number) => order.filter((place) => place === client).length;

describe('a round of clients in turns', () => {
  it('is one turn a client, in the order of their numbers, an epoch long', () => {
    expect(planRound(inTurns, workers, 0, 0)).toEqual([
      { clients: [0], order: [0, 0, 0] },
      { clients: [2], order: [2, 2, 2, 2, 2] },
      { clients: [5], order: [5] },
    ]);
  });

  it('is as long as roundSteps says, but no longer than a client has left', () => {
    const late = workers.map((worker) => ({ ...worker, done: worker.client === 2 ? 9 : 2 }));
    expect(planRound({ ...inTurns, roundSteps: 3 }, late, 3, 11).map(({ order }) => order)).toEqual([[0, 0, 0], [2]]);
  });

  it('stops at the steps of the whole run, in the middle of a turn', () => {
    expect(planRound({ ...inTurns, steps: 19 }, workers, 1, 13).map(({ order }) => order)).toEqual([
      [0, 0, 0],
      [2, 2, 2],
    ]);
  });
});

describe('a round of interleaved clients', () => {
  it('is one turn with every step of every client', () => {
    const [turn, ...rest] = planRound(interleaved, workers, 0, 0);
    expect(rest).toEqual([]);
    expect(turn?.clients).toEqual([0, 2, 5]);
    expect([0, 2, 5].map((client) => countOf(turn?.order ?? [], client))).toEqual([3, 5, 1]);
  });

  it('gives every client that has steps left one before any gets another', () => {
    const [turn] = planRound(interleaved, workers, 0, 0);
    const order = turn?.order ?? [];
    expect(order.slice(0, 3).toSorted()).toEqual([0, 2, 5]);
    expect(order.slice(3, 5).toSorted()).toEqual([0, 2]);
    expect(order.slice(5, 7).toSorted()).toEqual([0, 2]);
    expect(order.slice(7)).toEqual([2, 2]);
  });

  it('is the same for the same seed and round, and another for others', () => {
    const many = Array.from({ length: 7 }, (_, client) => ({ client, samples: 49, done: 0 }));
    const order = (seed: number, round: number) =>
      planRound({ ...interleaved, seed }, many, round, 0)[0]?.order.join('');
    expect(order(11, 3)).toBe(order(11, 3));
    expect(new Set([order(11, 3), order(11, 4), order(12, 3)]).size).toBe(3);
  });

  it('leaves out clients whose steps are cut off', () => {
    const [turn] = planRound({ ...interleaved, steps: 2 }, workers, 0, 0);
    expect(turn?.order).toHaveLength(2);
    expect(turn?.clients).toEqual(turn?.order.toSorted());
  });
});

describe('every plan', () => {
  it.each([interleaved, inTurns])('is empty when all steps are done', (settings) => {
    const done = workers.map((worker) => ({ ...worker, done: 2 * Math.ceil(worker.samples / 7) }));
    expect(planRound(settings, done, 2, 18)).toEqual([]);
    expect(planRound({ ...settings, steps: 17 }, workers, 2, 17)).toEqual([]);
    expect(planRound(settings, [], 0, 0)).toEqual([]);
  });

  it.each([interleaved, inTurns])('goes on until the steps are done when epochs do not end the run', (settings) => {
    const endless = { ...settings, epochs: Infinity, steps: 1_003 };
    const far = workers.map((worker) => ({ ...worker, done: 333 }));
    expect(planRound(endless, far, 111, 999).flatMap(({ order }) => order)).toHaveLength(4);
  });

  it('counts the steps of the run ahead', () => {
    expect(plannedSteps(interleaved, workers)).toBe(18);
    expect(plannedSteps({ ...interleaved, steps: 13 }, workers)).toBe(13);
    expect(plannedSteps({ ...interleaved, epochs: Infinity, steps: 131 }, workers)).toBe(131);
  });
});
