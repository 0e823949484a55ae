import * as tf from '@tensorflow/tfjs';
import { beforeAll } from 'vitest';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';

/** What the file before has chosen to compute on is no business of the next one. */
beforeAll(async () => {
  const { name } = await useBestBackend();
  await tf.setBackend(name);
});
