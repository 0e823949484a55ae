import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { adam } from '../../shared/engine/optimizer.js';
import { checkMetrics } from '../../shared/metrics/decide.js';
import { judgedOf, type LabelKind } from '../../shared/metrics/label-kind.js';
import { measuring, sayMeasuring } from '../../shared/metrics/measuring.js';
import { metricNames, type MetricName } from '../../shared/metrics/metrics.js';
import { addScores, meanScores, noScores } from '../../shared/metrics/scores.js';
import { buildPlaced } from '../../shared/model/build.js';
import type { Loss } from '../../shared/model/loss.js';
import { float32, int32, type DType, type TensorSpec } from '../../shared/ndarray.js';
import { defineTask, type LabelSpec } from '../../shared/task.js';

const own: Loss = (labels, outputs) => tf.losses.huberLoss(labels[0] as tf.Tensor, outputs[0] as tf.Tensor);
const label = (dtype: DType, shape: number[], more: Partial<LabelSpec> = {}) => ({ name: 'y', dtype, shape, ...more });
const output = (...shape: number[]): TensorSpec => ({ name: 'z', dtype: 'float32', shape });

describe('what a label means', () => {
  it.each<[string, Loss, LabelSpec, TensorSpec, LabelKind | undefined]>([
    ['a class number', 'softmaxCrossEntropy', label('uint8', []), output(4), 'class'],
    ['yes or no', 'sigmoidCrossEntropy', label('float32', []), output(1), 'binary'],
    ['yes or no, both of one value', 'sigmoidCrossEntropy', label('int32', [1]), output(1), 'binary'],
    ['several values of a sigmoid', 'sigmoidCrossEntropy', label('float32', [5]), output(5), undefined],
    ['the same, named', 'sigmoidCrossEntropy', label('int32', [5], { kind: 'multi-label' }), output(5), 'multi-label'],
    ['a price', 'meanSquaredError', label('int32', []), output(1), 'number'],
    ['an image to rebuild', 'meanSquaredError', label('float32', [6, 6, 1]), output(6, 6, 1), 'number'],
    ['one-hot under squares', 'meanSquaredError', label('float32', [3], { kind: 'one-hot' }), output(3), 'one-hot'],
    ['a class under a loss of one’s own', own, label('int32', []), output(9), 'class'],
    ['a class of each place', own, label('int32', [12]), output(12, 9), 'class'],
    ['a count under a loss of one’s own', own, label('int32', []), output(1), 'number'],
    ['0 or 1 under a loss of one’s own', own, label('int32', [], { min: 0, max: 1 }), output(1), 'binary'],
    ['shapes that do not compare', own, label('float32', [2]), output(7), undefined],
  ])('%s', (_what, loss, y, z, kind) => {
    expect(judgedOf(loss, y, z).kind).toBe(kind);
  });

  it.each<[string, Loss, LabelSpec, TensorSpec, RegExp]>([
    [
      'numbers of a softmax',
      'softmaxCrossEntropy',
      label('int32', [], { kind: 'number' }),
      output(3),
      /'number', which takes .* use class \(/,
    ],
    [
      'one-hot of one value',
      own,
      label('float32', [], { kind: 'one-hot' }),
      output(1),
      /'one-hot', .*float32 \[\], .* use binary or number/,
    ],
    [
      'a kind that there is not',
      own,
      label('int32', [], { kind: 'klass' as 'class' }),
      output(3),
      /'klass', and there is no such kind.*use class/,
    ],
  ])('%s is refused', (_what, loss, y, z, message) => {
    let line = '';
    try {
      judgedOf(loss, y, z);
    } catch (error) {
      line = String((error as { line?: string }).line ?? error);
    }
    expect(line).toMatch(message);
  });
});

describe('a metric that does not suit', () => {
  it.each<[MetricName, Loss, LabelSpec, TensorSpec, RegExp]>([
    [
      'auc',
      'softmaxCrossEntropy',
      label('int32', []),
      output(7),
      /metric 'auc' is of two classes, .* has 7: use accuracy, macroPrecision/,
    ],
    [
      'accuracy',
      'meanSquaredError',
      label('float32', []),
      output(1),
      /counts right answers, and labels are numbers: use meanAbsoluteError;/,
    ],
    ['confusionMatrix', own, label('float32', [2]), output(2), /is of one answer a sample, and labels are numbers/],
    [
      'meanAbsoluteError',
      'sigmoidCrossEntropy',
      label('int32', []),
      output(1),
      /compares numbers, and labels are yes or no: use accuracy, auc,/,
    ],
    [
      'accuracy',
      'sigmoidCrossEntropy',
      label('float32', [10]),
      output(10),
      /cannot tell .*: add kind: 'one-hot' or kind: 'multi-label'/,
    ],
    [
      'f1',
      'sigmoidCrossEntropy',
      label('int32', [2], { kind: 'multi-label' }),
      output(2),
      /one answer a sample, and labels are several/,
    ],
    ['meanAbsoluteError', own, label('float32', [2]), output(5), /finds nothing to compare/],
    ['gini' as 'auc', own, label('int32', []), output(2), /unknown metric 'gini'/],
  ])('%s is refused before the run', (name, loss, y, z, message) => {
    let line = '';
    try {
      checkMetrics([name], judgedOf(loss, y, z));
    } catch (error) {
      line = String((error as { line?: string }).line ?? error);
    }
    expect(line).toMatch(message);
  });

  it.each(['vanilla', 'u-shaped'])('is refused with its task under %s', async (topology) => {
    const layers = ['a', 'b', 'out'].map((name, i) =>
      tf.layers.dense({ name, units: 4, ...(i === 0 ? { inputShape: [3] } : {}) }),
    );
    const task = defineTask({
      ...{ name: 'places', cut: 'a', cuts: { 'u-shaped': 'a,b' }, optimizer: adam(), loss: 'meanSquaredError' },
      ...{ labels: [label('float32', [4])], metrics: ['accuracy'] as const, model: () => tf.sequential({ layers }) },
    });
    await expect(buildPlaced(task, { seed: 1, topology })).rejects.toThrow(/metric 'accuracy' counts right answers/);
  });

  it('is one of scores above 0 where a sigmoid makes all of them so', async () => {
    const task = defineTask({
      ...{ name: 'chance', cut: 'a', optimizer: adam(), labels: [label('int32', [], { min: 0, max: 1 })] },
      loss: ([y], [p]) => tf.losses.meanSquaredError((y as tf.Tensor).toFloat().reshape([-1, 1]), p as tf.Tensor),
      metrics: ['accuracy'],
      model: () =>
        tf.sequential({
          layers: [
            tf.layers.dense({ name: 'a', units: 4, inputShape: [3] }),
            tf.layers.dense({ name: 'out', units: 1, activation: 'sigmoid' }),
          ],
        }),
    });
    await expect(buildPlaced(task, { seed: 1, topology: 'vanilla' })).rejects.toThrow(
      /'out' .* applies sigmoid, .* above 0/,
    );
    await expect(buildPlaced({ ...task, metrics: [] }, { seed: 1, topology: 'vanilla' })).resolves.toBeTruthy();
  });
});

it('reads one-hot labels as classes, not as answers of yes or no', () => {
  const labels = float32([3, 4], [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
  const outputs = float32([3, 4], [-4, -3, -1, -2, -1, -2, -3, -4, 5, -1, -1, -1]);
  const names = ['accuracy', 'macroRecall'] as const;
  const { metrics } = meanScores(addScores(noScores, names, [labels], [outputs], 0, { kind: 'one-hot' }));
  // The third is taken for class 0; as answers of yes or no, all but three of twelve would be right.
  expect(metrics).toEqual({ accuracy: 2 / 3, macroRecall: (1 + 1 + 0) / 3 });
  const answers = meanScores(addScores(noScores, ['accuracy'], [labels], [outputs], 0, { kind: 'multi-label' }));
  expect(answers.metrics).toEqual({ accuracy: (3 + 3 + 2) / 12 });
});

it('says what a run measures, and what only about', () => {
  const said = (names: readonly MetricName[], loss: 'client' | 'server') => {
    const event = measuring(names, judgedOf('sigmoidCrossEntropy', label('int32', []), output(1)), loss);
    return event.kind === 'measuring' ? sayMeasuring(event.metrics) : '';
  };
  expect(said(['accuracy', 'auc'], 'server')).toBe('tests measure accuracy, auc exactly');
  expect(said(['auc', 'f1'], 'client')).toMatch(
    /^tests measure f1 exactly; auc approximately, counted in bins of the score/,
  );
  expect(said([], 'client')).toMatch(/the loss only/);
  expect(metricNames.length).toBeGreaterThan(8);
});

it('keeps class numbers of a batch apart from their places', () => {
  const labels = int32([2, 3], [0, 1, 2, 2, 1, 0]);
  const outputs = float32([2, 3, 3], [9, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 9, 9, 0, 0, 9, 0, 0]);
  const { metrics } = meanScores(addScores(noScores, ['accuracy'], [labels], [outputs], 0, { kind: 'class' }));
  expect(metrics.accuracy).toBeCloseTo(5 / 6, 12);
});
