import { describe, expect, it } from 'vitest';
import { parseAggregation, withoutHistory } from '../../shared/aggregation.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { tinyTask } from '../helpers/tiny-task.js';

describe('an aggregation', () => {
  it.each([
    ['mean', { rule: 'mean', value: 0, clip: null }],
    ['clip:1.5', { rule: 'mean', value: 0, clip: 1.5 }],
    ['fedavgm', { rule: 'fedavgm', value: 0.9, clip: null }],
    ['fedadam:0.03', { rule: 'fedadam', value: 0.03, clip: null }],
    ['clip:5+trimmed-mean:0.3', { rule: 'trimmed-mean', value: 0.3, clip: 5 }],
    ['krum', { rule: 'krum', value: 4, clip: null }],
    ['multi-krum:1', { rule: 'multi-krum', value: 1, clip: null }],
  ])('reads %s for 11 clients', (text, expected) => {
    expect(parseAggregation(text, 11)).toEqual(expected);
  });

  it.each([
    ['average', /unknown aggregation 'average'/, /mean, fedavgm, .*multi-krum/],
    ['', /unknown aggregation ''/, /mean/],
    ['mean:3', /mean takes no number/, /use mean/],
    ['median+mean', /'median\+mean' has more than one rule/, /after clip:NORM\+/],
    ['median+clip:5', /more than one rule/, /clip:NORM/],
    ['clip', /clip is not clip:NORM/, /above 0/],
    ['clip:0+median', /clip:0 is not clip:NORM/, /above 0/],
    ['clip:2+', /unknown aggregation ''/, /mean/],
    ['clip:2+clip:3', /unknown aggregation 'clip'/, /mean/],
    ['fedavgm:1', /fedavgm:1 is not fedavgm:MOMENTUM/, /below 1/],
    ['fedyogi:-0.1', /fedyogi:-0.1 is not fedyogi:RATE/, /above 0/],
    ['trimmed-mean:0.5', /trimmed-mean:0.5 is not trimmed-mean:FRACTION/, /below 0.5/],
    ['trimmed-mean:', /is not trimmed-mean:FRACTION/, /below 0.5/],
    ['krum:1.5', /krum:1.5 is not krum:F/, /whole number/],
    [
      'krum:3',
      /'krum:3' with f = 3 needs at least 9 clients in a round, there are 7/,
      /9 clients, or a number of at most 2/,
    ],
  ])('refuses %s for 7 clients', (text, message, action) => {
    expect(() => parseAggregation(text, 7)).toThrow(
      expect.objectContaining({
        code: 'BAD_OPTION',
        message: expect.stringMatching(message) as string,
        action: expect.stringMatching(action) as string,
      }) as Error,
    );
  });

  it.each([
    ['median', 2, 3],
    ['trimmed-mean:0.4', 2, 3],
    ['multi-krum', 2, 3],
    ['krum:1', 4, 5],
  ])('%s needs more than %i clients', (text, clients, least) => {
    expect(() => parseAggregation(text, clients)).toThrow(
      new RegExp(`needs at least ${least} clients in a round, there are ${clients}`),
    );
    expect(parseAggregation(text, least).rule).toBe(text.split(':')[0]);
  });

  it('without a history is neither clipped nor driven', () => {
    expect(withoutHistory(parseAggregation('clip:2+fedadam', 5))).toEqual({ rule: 'mean', value: 0, clip: null });
    expect(withoutHistory(parseAggregation('clip:2+krum:1', 5))).toEqual({ rule: 'krum', value: 1, clip: null });
  });
});

describe('the setting aggregation', () => {
  const resolve = (options: RunOptions) => resolveRun(tinyTask, { clients: 7, ...options });

  it('is mean unless said otherwise', () => {
    expect(resolve({}).aggregation).toBe('mean');
    expect(resolve({ aggregation: 'clip:3+median' }).aggregation).toBe('clip:3+median');
  });

  it.each(['sequential', 'centralised'])('is refused with schedule %s, which has one replica only', (schedule) => {
    expect(() => resolve({ schedule, aggregation: 'median' })).toThrow(
      new RegExp(`'${schedule}' has only one replica of every segment, so 'median' has nothing to aggregate`),
    );
    expect(resolve({ schedule }).aggregation).toBe('mean');
  });

  it('is held to the clients of a round', () => {
    expect(() => resolve({ aggregation: 'krum:3' })).toThrow(/needs at least 9 clients in a round, there are 7/);
    expect(() => resolve({ aggregation: 'krum:1', participation: 0.6 })).toThrow(/at least 5 .* there are 4/);
  });
});

describe('the setting proximal', () => {
  const resolve = (options: RunOptions) => resolveRun(tinyTask, { clients: 3, ...options });

  it('is none unless said otherwise, and no negative number', () => {
    expect(resolve({}).proximal).toBe(0);
    expect(resolve({ proximal: 0.3, schedule: 'splitfed-v1' }).proximal).toBe(0.3);
    expect(() => resolve({ proximal: -0.3 })).toThrow(/proximal is -0.3/);
    expect(() => resolve({ proximal: NaN })).toThrow(/proximal is NaN/);
  });

  it.each(['sequential', 'splitfed-v3', 'centralised'])('is refused with schedule %s', (schedule) => {
    expect(() => resolve({ schedule, proximal: 0.3 })).toThrow(/nothing for proximal = 0.3 to hold it near/);
  });
});
