import { describe, expect, it } from 'vitest';
import { askedAbout, beginTest, declared, givenSteps, noClaims, tookStep } from '../../server/session/claims.js';
import { reduceSession } from '../../server/session/session-reducer.js';
import { initialSession } from '../../server/session/session-state.js';
import { fairTotal, isBetterForHalf } from '../../shared/metrics/fair-total.js';
import { isFiniteReport } from '../../shared/metrics/possible-report.js';
import { checkReport, reportContract } from '../../shared/metrics/reported-scores.js';
import { meanScores, type Scores } from '../../shared/metrics/scores.js';
import { int32 } from '../../shared/ndarray.js';

const code = (work: () => unknown) => {
  try {
    work();
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a report of an evaluation', () => {
  const accuracy = reportContract(['accuracy'], [3]);
  const sums = (...values: number[]) => ({ loss: 1.5, sums: values, confusion: [] });

  it.each([
    ['as many right as there are', sums(23), 'taken'],
    ['none right', sums(0), 'taken'],
    ['half a hit more than samples', sums(23.5), 'BAD_VALUE'],
    ['less than none', sums(-0.25), 'BAD_VALUE'],
    ['a loss below nothing', { ...sums(7), loss: -3 }, 'BAD_VALUE'],
    ['a loss that no samples come to', { ...sums(7), loss: 1e300 }, 'BAD_VALUE'],
    ['a loss as large as floats are', { ...sums(7), loss: 23 * 3.4e38 }, 'taken'],
    ['a loss that rounding made negative', { ...sums(7), loss: -1e-7 }, 'taken'],
    ['a loss that overflowed at an honest client', { ...sums(7), loss: Infinity }, 'taken'],
  ])('of 23 samples with %s', (_, report, expected) => {
    expect(code(() => checkReport(accuracy, report, 23))).toBe(expected);
  });

  it('of no samples has nothing in it', () => {
    expect(code(() => checkReport(accuracy, { ...sums(0), loss: 0 }, 0))).toBe('taken');
    expect(code(() => checkReport(accuracy, { ...sums(0), loss: 0.5 }, 0))).toBe('BAD_VALUE');
    expect(code(() => checkReport(accuracy, { ...sums(1), loss: 0 }, 0))).toBe('BAD_VALUE');
  });

  it('with an error that has no bound may be large, and is still none below 0', () => {
    const error = reportContract(['meanAbsoluteError'], [1]);
    expect(code(() => checkReport(error, sums(1e30), 5))).toBe('taken');
    expect(code(() => checkReport(error, sums(-1), 5))).toBe('BAD_VALUE');
    expect(code(() => checkReport(error, sums(1.7e308), 5))).toBe('BAD_VALUE');
  });

  it('counts each label once, as a hit or as a miss that is a false alarm elsewhere', () => {
    const classes = reportContract(['macroF1'], [3, 4]);
    const counts = (...values: number[]) => ({ loss: 1, sums: [], confusion: [int32([3, 4], values)] });
    // Two samples of three labels each.
    expect(code(() => checkReport(classes, counts(2, 0, 1, 0, 0, 2, 0, 1, 1, 0, 2, 0), 2))).toBe('taken');
    expect(code(() => checkReport(classes, counts(2, 0, 1, 0, 0, 2, 0, 1, 1, 1, 2, 0), 2))).toBe('BAD_VALUE');
    expect(code(() => checkReport(classes, counts(7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 2))).toBe('BAD_VALUE');
    const cells = reportContract(['confusionMatrix'], [3]);
    const matrix = (...values: number[]) => ({ loss: 1, sums: [], confusion: [int32([3, 3], values)] });
    expect(code(() => checkReport(cells, matrix(2, 1, 0, 0, 1, 0, 0, 0, 1), 5))).toBe('taken');
    expect(code(() => checkReport(cells, matrix(2, 1, 0, 0, 1, 0, 0, 9, 1), 5))).toBe('BAD_VALUE');
  });

  it.each([
    [3, ['refuse', 'left']],
    [9, ['refuse', 'left']],
    [4, ['heard']],
  ])('of round %i is taken in round 4 alone', (round, effects) => {
    const contract = { tensors: [], labels: [], maxRows: 5 };
    const evaluating = { ...initialSession({ contract }), phase: 'evaluating', round: 4 } as const;
    const message = { type: 'evaluated', round, loss: null, sums: [], confusion: [] } as const;
    const [, after] = reduceSession(evaluating, { kind: 'received', message });
    expect(after.map(({ kind }) => kind)).toEqual(effects);
  });

  it('counts for nothing where its weights make it infinite', () => {
    expect(isFiniteReport(sums(3))).toBe(true);
    expect(isFiniteReport({ ...sums(3), loss: NaN })).toBe(false);
  });
});

describe('what a client says it has', () => {
  const ready = { type: 'ready', samples: 13, testSamples: 9 } as const;
  const claims = declared(noClaims, ready);

  it('bounds the questions of each evaluation', () => {
    const half = askedAbout(askedAbout(beginTest(claims), 4), 5);
    expect(code(() => askedAbout(half, 1))).toBe('BAD_VALUE');
    expect(askedAbout(beginTest(half), 9).asked).toBe(9);
    expect(code(() => askedAbout(beginTest(declared(noClaims, { ...ready, testSamples: 0 })), 1))).toBe('BAD_VALUE');
  });

  it.each([
    [4, 13, 'an epoch'],
    [8, 26, 'two epochs'],
    [2, 8, 'half an epoch'],
    [7, 25, 'an epoch and most of another'],
  ])('bounds the samples of %i steps of 4 to %i, %s', (steps, most) => {
    let turn = givenSteps(claims, steps, 4);
    expect(turn.rowsLeft).toBe(most);
    for (let step = 1; step <= Math.floor(most / 4); step++) turn = tookStep(turn, 4, step);
    expect(code(() => tookStep(turn, (most % 4) + 1, steps))).toBe('BAD_VALUE');
    expect(tookStep(turn, most % 4, steps).rowsLeft).toBe(0);
  });

  it('gives no more room than it has samples, whatever the batch', () => {
    const one = declared(noClaims, { ...ready, samples: 1 });
    expect(code(() => tookStep(givenSteps(one, 3, 64), 64, 1))).toBe('BAD_VALUE');
    expect(givenSteps(one, 3, 64).rowsLeft).toBe(3);
  });
});

function scores(samples: number, loss: number, right: number): Scores {
  return { names: ['accuracy'], samples, loss: loss * samples, sums: { accuracy: right * samples } };
}

describe('what several clients say of their own tests', () => {
  const accuracyOf = (...parts: Scores[]) =>
    meanScores(fairTotal(new Map(parts.map((own, i) => [i, own])))).metrics.accuracy;

  it('counts a client for at most as many samples as all others together', () => {
    expect(accuracyOf(scores(16, 1, 0.25), scores(1e9, 1, 1))).toBeCloseTo(0.625, 12);
    expect(accuracyOf(scores(10, 1, 0.5), scores(20, 1, 0.5), scores(2 ** 40, 1, 0))).toBeCloseTo(0.25, 12);
  });

  it('is the plain mean where nobody has more than the others, and of one client its own', () => {
    expect(accuracyOf(scores(63, 1, 1), scores(62, 1, 0), scores(61, 1, 0))).toBeCloseTo(63 / 186, 12);
    expect(accuracyOf(scores(1e9, 1, 0.75))).toBe(0.75);
  });

  const loss = { name: 'loss', better: 'smaller' } as const;
  const voted = (before: number[], now: number[], sizes: number[]) => {
    const at = (values: number[]) => new Map(values.map((value, i) => [i, scores(sizes[i] ?? 0, value, 0)]));
    return isBetterForHalf(loss, at(before), at(now));
  };

  it.each([
    ['one of two says ever worse', [0.9, 1e17], [0.8, 2e17], [16, 1e9], true],
    ['one of two said that nothing was wrong', [0.9, 0], [0.8, 0], [16, 1e9], true],
    ['one of three says better, the others worse', [0.5, 0.5, 1e300], [0.6, 0.7, 0], [7, 9, 1e9], false],
    ['one of three says worse, the others better', [0.5, 0.5, 0], [0.4, 0.3, 1e300], [7, 9, 1e9], true],
    ['one of four says better, three worse', [0.5, 0.5, 0.5, 9], [0.6, 0.7, 0.8, 0], [7, 9, 8, 8], false],
    ['all say worse', [0.5, 0.4], [0.6, 0.5], [5, 6], false],
  ])('decides nothing by one client alone: %s', (_, before, now, sizes, expected) => {
    expect(voted(before, now, sizes)).toBe(expected);
  });

  it('leaves it to the value where one client judges alone', () => {
    expect(voted([0.5], [0.4], [5])).toBeUndefined();
  });
});
