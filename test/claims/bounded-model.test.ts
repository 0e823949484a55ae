import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { buildSegments } from '../../shared/model/build.js';
import { openModel } from '../../shared/model/open-model.js';
import { tinyTask } from '../helpers/tiny-task.js';

const { specs } = await buildSegments(tinyTask, 3);
const [spec] = specs;

it.each([
  ['units of a dense layer', /"units":\d+/g, '"units":2000000000', /which its definition does not list/],
  ['a few more units than are listed', /"units":\d+/g, '"units":900000', /which its definition does not list/],
])('a model with %s is refused before it takes memory', async (_, from, to, says) => {
  if (!spec) throw new Error('there is no bottom');
  const before = process.memoryUsage().rss;
  const opened = openModel({ ...spec, topology: spec.topology.replace(from, to) });
  await expect(opened).rejects.toMatchObject({ code: 'BAD_MODEL', message: expect.stringMatching(says) as unknown });
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
});

it('a layer that makes a billion values of a sample is refused, and whatever is honest is opened', async () => {
  if (!spec) throw new Error('there is no bottom');
  const wide = tf.sequential({ layers: [tf.layers.repeatVector({ n: 1_000_000_000, inputShape: [4] })] });
  const opened = openModel({ ...spec, topology: JSON.stringify(wide.toJSON(null, false)), weights: [] });
  await expect(opened).rejects.toMatchObject({ code: 'BAD_MODEL' });
  expect((await openModel(spec)).layers.length).toBeGreaterThan(1);
});
