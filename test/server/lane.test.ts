import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { buildSegments } from '../../shared/model/build.js';
import { float32, int32 } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { askLane, openLane } from '../helpers/ask-lane.js';
import { tinyTask } from '../helpers/tiny-task.js';

/** Batch normalisation in the top: a forward pass moves its averages. */
const task = {
  ...tinyTask,
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ name: 'hidden', units: 5, inputShape: [4] }),
        tf.layers.batchNormalization({ name: 'norm' }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
};

function smashed(values: (i: number) => number): Message<'smashed'> {
  const tensors = [
    float32(
      [3, 5],
      Array.from({ length: 15 }, (_, i) => values(i)),
    ),
  ];
  return { type: 'smashed', step: 1, tensors, labels: [int32([3], [2, 0, 1])] };
}

const sound = smashed((i) => (i - 6.5) * 0.3);
/** Finite, but their sum is not. */
const broken = smashed(() => 3e38);

describe.each(['tfjs', 'onnx'])('a lane on %s', (name) => {
  it('that refuses a step for its loss is as before', async () => {
    const lane = await openLane({
      task,
      cut: await buildSegments(task, 3),
      held: [1],
      engine: await chooseEngine(name),
      seed: 3,
    });
    try {
      const before = await lane.weights();
      await expect(askLane(lane, broken)).rejects.toMatchObject({ code: 'BAD_VALUE', step: 1 });
      expect(await lane.weights()).toEqual(before);
      // One that is not refused is not undone.
      expect((await askLane(lane, sound)).map(({ kind }) => kind)).toEqual(['gradient', 'done']);
      expect(await lane.weights()).not.toEqual(before);
      await expect(askLane(lane, broken)).rejects.toMatchObject({ code: 'BAD_VALUE' });
      expect((await askLane(lane, sound))[0]).toHaveProperty('loss', expect.any(Number));
    } finally {
      lane.dispose();
    }
  });

  it('that refuses a step has not read it, where a layer remembers', async () => {
    const reading = {
      ...tinyTask,
      model: () =>
        tf.sequential({
          layers: [
            tf.layers.dense({ name: 'hidden', units: 6, batchInputShape: [3, 4] }),
            tf.layers.reshape({ name: 'read', targetShape: [3, 2] }),
            tf.layers.gru({ name: 'gru', units: 3, stateful: true }),
            tf.layers.dense({ name: 'logits', units: 3 }),
          ],
        }),
    };
    const engine = await chooseEngine(name);
    const cut = await buildSegments(reading, 3);
    const lane = await openLane({ task: reading, cut, held: [1], engine, seed: 3 });
    const step = (values: (i: number) => number): Message<'smashed'> => ({
      ...sound,
      tensors: [
        float32(
          [3, 6],
          Array.from({ length: 18 }, (_, i) => values(i)),
        ),
      ],
    });
    try {
      await askLane(
        lane,
        step((i) => 0.1 * i),
      );
      const before = await lane.snapshot();
      expect(before.segments[0]?.memory?.[0]?.[0]?.shape).toEqual([3, 3]);
      await expect(
        askLane(
          lane,
          step(() => NaN),
        ),
      ).rejects.toMatchObject({ code: 'BAD_VALUE' });
      expect(await lane.snapshot()).toEqual(before);
      // Half a step is not written down either.
      await askLane(
        lane,
        step((i) => 0.2 * i),
        { kind: 'first-half' },
      );
      expect(await lane.snapshot()).toEqual(before);
    } finally {
      lane.dispose();
    }
  });
});
