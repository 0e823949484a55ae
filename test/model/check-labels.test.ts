import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { sgd } from '../../shared/engine/optimizer.js';
import { buildSegments } from '../../shared/model/build.js';
import { checkedLabels } from '../../shared/model/check-labels.js';
import type { LossName } from '../../shared/model/loss-names.js';
import type { LabelSpec, Task } from '../../shared/task.js';

const { dense, reshape, activation } = tf.layers;

function task(loss: LossName, label: Partial<LabelSpec>, ...last: tf.layers.Layer[]): Task {
  return {
    name: 'odd',
    cut: 'below',
    loss,
    optimizer: sgd(0.1),
    labels: [{ name: 'kind', dtype: 'int32', shape: [], ...label }],
    metrics: [],
    model: () => tf.sequential({ layers: [dense({ name: 'below', units: 7, inputShape: [3] }), ...last] }),
  };
}

const logits = (units: number) => dense({ name: 'logits', units });

describe('labels, loss and outputs that cannot belong together', () => {
  it.each([
    [
      'more classes than logits',
      task('softmaxCrossEntropy', { min: 0, max: 4 }, logits(4)),
      /0 to 3.*'kind' has 0 to 4/,
    ],
    ['classes from -1', task('softmaxCrossEntropy', { min: -1, max: 1 }, logits(2)), /'kind' has -1 to 1/],
    ['one-hot labels', task('softmaxCrossEntropy', { shape: [5], max: 1 }, logits(5)), /int32 \[5\]/],
    [
      'an image of logits',
      task('softmaxCrossEntropy', {}, logits(6), reshape({ name: 'wide', targetShape: [2, 3] })),
      /\[2, 3\]/,
    ],
    ['yes and no up to 2', task('sigmoidCrossEntropy', { min: 0, max: 2 }, logits(1)), /from 0 to 1/],
    ['one answer for four logits', task('sigmoidCrossEntropy', { max: 1 }, logits(4)), /\[4\]/],
    ['three numbers for five', task('meanSquaredError', { dtype: 'float32', shape: [3] }, logits(5)), /\[3\].*\[5\]/],
    [
      'softmax twice',
      task('softmaxCrossEntropy', {}, dense({ name: 'chances', units: 3, activation: 'softmax' })),
      /layer 'chances'/,
    ],
    [
      'sigmoid twice, in a layer of its own',
      task('sigmoidCrossEntropy', {}, logits(1), activation({ name: 'squash', activation: 'sigmoid' })),
      /layer 'squash'/,
    ],
  ])('are refused: %s', async (_what, odd, message) => {
    await expect(buildSegments(odd, 1)).rejects.toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringMatching(message) as string }),
    );
  });

  it.each([
    ['classes without a range', task('softmaxCrossEntropy', {}, logits(4)), { min: 0, max: 3, kind: 'class' }],
    [
      'some of the classes',
      task('softmaxCrossEntropy', { min: 1, max: 2 }, logits(4)),
      { min: 1, max: 2, kind: 'class' },
    ],
    ['bytes', task('softmaxCrossEntropy', { dtype: 'uint8' }, logits(2)), { min: 0, max: 1, kind: 'class' }],
    ['soft answers', task('sigmoidCrossEntropy', { dtype: 'float32', shape: [3] }, logits(3)), { min: 0, max: 1 }],
    ['numbers', task('meanSquaredError', { dtype: 'float32' }, logits(1)), { kind: 'number' }],
  ])('get the range of the loss: %s', async (_what, fits, range) => {
    const cut = await buildSegments(fits, 1);
    const [label] = checkedLabels(fits, cut.specs.at(-1)?.outputs ?? []);
    expect({ ...label }).toEqual({ ...fits.labels[0], ...range });
  });
});
