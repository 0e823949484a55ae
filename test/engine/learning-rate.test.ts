import { describe, expect, it } from 'vitest';
import {
  checkSchedule,
  constant,
  cosineDecay,
  exponentialDecay,
  learningRateAfter,
  stepDecay,
  type LearningRateSchedule,
} from '../../shared/engine/learning-rate.js';
import { scheduled, sgd } from '../../shared/engine/optimizer.js';
import { defineTask } from '../../shared/task.js';
import { tinyTask } from '../helpers/tiny-task.js';

const at = (updates: readonly number[], schedule: LearningRateSchedule) =>
  updates.map((count) => learningRateAfter(count, { learningRate: 0.6, schedule }));

it('is checked where a task is written', () => {
  const optimizer = [sgd(0.3), scheduled(sgd(0.3), stepDecay(0))];
  expect(() => defineTask({ ...tinyTask, optimizer })).toThrow(/schedule step: every is 0/);
});

describe('a learning rate', () => {
  it('stays without a schedule', () => {
    expect(learningRateAfter(7_001, { learningRate: 0.6 })).toBe(0.6);
  });

  it.each<[string, LearningRateSchedule, [number, number][]]>([
    [
      'after a warm-up',
      constant({ warmup: 3 }),
      [
        [0, 0.2],
        [1, 0.4],
        [2, 0.6],
        [3, 0.6],
        [999, 0.6],
      ],
    ],
    [
      'in steps',
      stepDecay(5, 0.3),
      [
        [0, 0.6],
        [4, 0.6],
        [5, 0.18],
        [9, 0.18],
        [10, 0.054],
      ],
    ],
    [
      'exponentially',
      exponentialDecay(4, 0.25),
      [
        [0, 0.6],
        [2, 0.3],
        [4, 0.15],
        [6, 0.075],
      ],
    ],
    [
      'along a cosine',
      cosineDecay(6),
      [
        [0, 0.6],
        [2, 0.45],
        [3, 0.3],
        [4, 0.15],
        [6, 0],
        [77, 0],
      ],
    ],
    // Half way between 0.6 and 0.12.
    [
      'along a cosine that ends above 0',
      cosineDecay(8, { final: 0.2 }),
      [
        [0, 0.6],
        [4, 0.36],
        [8, 0.12],
        [9, 0.12],
      ],
    ],
    [
      'after a warm-up in steps',
      stepDecay(3, 0.5, { warmup: 2 }),
      [
        [0, 0.3],
        [1, 0.6],
        [4, 0.6],
        [5, 0.3],
        [8, 0.15],
      ],
    ],
  ])('goes %s', (_how, schedule, expected) => {
    const rates = at(
      expected.map(([updates]) => updates),
      schedule,
    );
    expected.forEach(([updates, rate], i) => expect(rates[i], `after ${updates}`).toBeCloseTo(rate, 14));
    expect(checkSchedule(structuredClone(schedule))).toEqual(schedule);
  });

  it.each<[string, unknown]>([
    ['no kind', {}],
    ['a kind of every object', { kind: 'constructor', warmup: 0 }],
    ['half an update', stepDecay(2.5)],
    ['a factor that grows', exponentialDecay(3, 1.5)],
    ['a factor of nothing', stepDecay(3, 0)],
    ['a final rate above the first', cosineDecay(7, { final: 1.1 })],
    ['a warm-up that is none', constant({ warmup: -3 })],
    ['a warm-up without end', constant({ warmup: Infinity })],
    ['text for a number', { ...cosineDecay(7), updates: '7' }],
    ['no number', { kind: 'cosine', final: 0, warmup: 0 }],
  ])('with %s is refused', (_what, schedule) => {
    expect(() => checkSchedule(schedule)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});
