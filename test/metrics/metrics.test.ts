import { describe, expect, it } from 'vitest';
import { metricNames, type MetricName } from '../../shared/metrics/metrics.js';
import {
  checkReport,
  readScores,
  reportBytes,
  reportContract,
  reportScores,
} from '../../shared/metrics/reported-scores.js';
import { addScores, meanScores, mergeScores, noScores, type Scores } from '../../shared/metrics/scores.js';
import { float32, int32, type NdArray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';

function judge(names: readonly MetricName[], labels: readonly number[], outputs: readonly number[], width = 1) {
  const batch = [int32([labels.length], labels), float32([labels.length, width], outputs)] as const;
  return meanScores(addScores(noScores, names, [batch[0]], [batch[1]], 0.7)).metrics;
}

describe('the area under the curve', () => {
  it.each<[string, number[], number[], number | null]>([
    // Pairs (positive, negative): 0.35 > 0.1, 0.35 < 0.4, 0.8 > 0.1, 0.8 > 0.4.
    ['of scikit-learn’s example', [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 3 / 4],
    // Of the 3 x 4 pairs, 8 are won (2: 3, -1: 1, 5: 4) and 2 are ties.
    ['with ties', [1, 0, 1, 0, 0, 1, 0], [2, 2, -1, -1, -3, 5, 0.5], (8 + 2 / 2) / 12],
    ['of a ranking the wrong way round', [1, 1, 0], [-3, -2, 7], 0],
    ['where all scores are the same', [1, 0, 0, 1, 0], [3, 3, 3, 3, 3], 1 / 2],
    ['without negatives', [1, 1], [0.3, 0.2], null],
    ['without positives', [0, 0, 0], [0.3, 0.2, 0.1], null],
    ['with a score that is no number', [0, 1, 1], [0.3, NaN, 2], null],
    ['with infinite scores', [0, 1, 1], [-Infinity, Infinity, 2], 1],
  ])('is right %s', (_what, labels, outputs, expected) => {
    expect(judge(['auc'], labels, outputs).auc).toBe(expected);
  });

  it('ranks two logits by their difference', () => {
    expect(judge(['auc'], [1, 0, 1], [5, 5.5, 3, 2, 0, -4], 2).auc).toBe(1 / 2);
  });
});

/** What a metric is by its definition, one pair or one class at a time. */
function bruteForce(labels: readonly number[], scores: readonly number[][]): Record<string, unknown> {
  const predicted = scores.map((row) => row.indexOf(Math.max(...row)));
  const classes = scores[0]?.length ?? 0;
  const count = (test: (i: number) => boolean) => labels.filter((_, i) => test(i)).length;
  const perClass = Array.from({ length: classes }, (_, k) => {
    const tp = count((i) => labels[i] === k && predicted[i] === k);
    const [named, real] = [count((i) => predicted[i] === k), count((i) => labels[i] === k)];
    const [p, r] = [named ? tp / named : 0, real ? tp / real : 0];
    return { p, r, f: p + r ? (2 * p * r) / (p + r) : 0, occurs: named + real > 0 };
  });
  const present = perClass.filter(({ occurs }) => occurs);
  const mean = (of: 'p' | 'r' | 'f') => present.reduce((sum, row) => sum + row[of], 0) / present.length;
  const margins = scores.map(([a = 0, b = 0]) => Math.fround(b - a));
  const wins = labels.flatMap((label, i) =>
    label === 0
      ? []
      : margins.flatMap((margin, j) => (labels[j] === 0 ? [(Math.sign((margins[i] ?? 0) - margin) + 1) / 2] : [])),
  );
  const [, one] = perClass;
  return {
    accuracy: count((i) => labels[i] === predicted[i]) / labels.length,
    macroPrecision: mean('p'),
    macroRecall: mean('r'),
    macroF1: mean('f'),
    confusionMatrix: perClass.map((_, k) =>
      perClass.map((_row, l) => count((i) => labels[i] === k && predicted[i] === l)),
    ),
    ...(classes === 2
      ? {
          precision: one?.p,
          recall: one?.r,
          f1: one?.f,
          auc: wins.length ? wins.reduce((sum, win) => sum + win, 0) / wins.length : null,
        }
      : {}),
  };
}

describe.each([2, 3, 7])('all metrics of %i classes', (classes) => {
  it.each([11, 12, 13, 14, 15, 16, 17])('are what their definitions say, in batches or at once, seed %i', (seed) => {
    const rng = createRng('metrics', seed, classes);
    const samples = 1 + rng.int(60);
    const labels = Array.from({ length: samples }, () => rng.int(classes));
    // Few different values, so that there are ties.
    const scores = labels.map(() => Array.from({ length: classes }, () => (rng.int(9) - 4) / 4));
    const names = metricNames.filter((name) => name in bruteForce(labels, scores));
    const clients: Scores[] = [noScores, noScores, noScores];
    for (let start = 0; start < samples;) {
      const length = Math.min(1 + rng.int(9), samples - start);
      const [y, z] = batchOf(labels, scores, start, length);
      const client = rng.int(3);
      clients[client] = addScores(clients[client] ?? noScores, names, [y], [z], 0.3 * length);
      start += length;
    }
    const { metrics } = meanScores(clients.reduceRight(mergeScores));
    for (const [name, expected] of Object.entries(bruteForce(labels, scores))) {
      const value = metrics[name as MetricName];
      if (typeof expected === 'number') expect(value, name).toBeCloseTo(expected, 12);
      else expect(value, name).toEqual(expected);
    }
  });
});

function batchOf(labels: number[], scores: number[][], start: number, length: number): [NdArray, NdArray] {
  const rows = scores.slice(start, start + length);
  return [int32([length], labels.slice(start, start + length)), float32([length, rows[0]?.length ?? 0], rows.flat())];
}

describe('one logit', () => {
  it('says yes above 0', () => {
    const names = ['accuracy', 'confusionMatrix', 'precision', 'recall', 'f1', 'macroF1'] as const;
    // Three hits of class 1, one false alarm, two misses, one hit of class 0.
    const metrics = judge(names, [1, 1, 1, 0, 1, 1, 0], [2, 0.1, 7, 3, -1, 0, -5]);
    expect(metrics).toEqual({
      accuracy: 4 / 7,
      confusionMatrix: [
        [1, 1],
        [2, 3],
      ],
      precision: 3 / 4,
      recall: 3 / 5,
      f1: 6 / 9,
      macroF1: (6 / 9 + 2 / 5) / 2,
    });
  });

  it('that always says no has a precision, recall and F1 of 0', () => {
    expect(judge(['precision', 'recall', 'f1'], [1, 0, 0], [-1, -2, -3])).toEqual({ precision: 0, recall: 0, f1: 0 });
  });
});

describe('a metric that does not suit', () => {
  it('says which label is none of the classes', () => {
    expect(() => judge(['macroF1'], [0, 5], [1, 2, 3, 4, 5, 6], 3)).toThrow(/label 5 is none of the 3 classes/);
  });

  it('leaves out everything where there are no samples', () => {
    expect(meanScores(noScores)).toEqual({ loss: null, metrics: {} });
  });
});

describe('a report', () => {
  const classNames: MetricName[] = ['macroF1', 'macroPrecision', 'macroRecall', 'accuracy'];

  it.each([
    ['of classes', classNames, 37],
    ['with the confusion matrix', [...classNames, 'confusionMatrix'] as MetricName[], 11],
    ['of two classes', ['f1', 'precision', 'recall'] as MetricName[], 2],
  ])('%s says as much as the samples, in as many bytes as it declares', (_what, names, classes) => {
    const rng = createRng('report', classes);
    const count = 101;
    const labels = int32(
      [count],
      Array.from({ length: count }, () => rng.int(classes)),
    );
    const outputs = float32(
      [count, classes],
      Array.from({ length: count * classes }, () => rng.normal()),
    );
    const scores = addScores(noScores, names, [labels], [outputs], 0.7);
    const contract = reportContract(names, [classes]);
    const report = reportScores(scores);
    expect(report.confusion.reduce((sum, { data }) => sum + data.byteLength, 0)).toBe(reportBytes(contract));
    checkReport(contract, report, count);
    const doubled = mergeScores(readScores(names, count, report), readScores(names, count, report));
    expect(meanScores(doubled).metrics).toEqual(meanScores(mergeScores(scores, scores)).metrics);
  });

  it('of 5,000 classes is three numbers a class', () => {
    expect(reportBytes(reportContract(classNames, [5000]))).toBe(3 * 5000 * 4);
  });
});

it('counts as much memory as there are samples, not as there are pairs of classes', () => {
  const classes = 5000;
  let total = noScores;
  const before = process.memoryUsage().heapUsed;
  for (let batch = 0; batch < 20; batch++) {
    const labels = int32(
      [8],
      Array.from({ length: 8 }, (_, i) => (batch * 797 + i * 31) % classes),
    );
    const outputs = float32([8, classes], new Float32Array(8 * classes).fill(batch % 3, 7));
    total = addScores(total, ['macroF1', 'macroRecall'], [labels], [outputs], 1);
  }
  // One matrix of 5,000 classes has 25 million counts: 200 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(60e6);
  expect(meanScores(total).metrics.macroF1).toBeGreaterThanOrEqual(0);
});
