import * as tf from '@tensorflow/tfjs';
import { loadMnist } from 'tandem/client';
import { exportModel, loadTrainedModel, saveRun } from 'tandem/server';
import { adam, defineTask } from 'tandem/shared';
import { simulate } from 'tandem/simulator';

/** Trains a network on the digits and writes its lower layers into a folder: what `task.ts` starts from. */
const [folder = 'bottom', steps = '2000'] = process.argv.slice(2);
const { conv2d, maxPooling2d, flatten, dense } = tf.layers;

const digits = defineTask({
  name: 'digits',
  model: () =>
    tf.sequential({
      layers: [
        conv2d({ name: 'edges', filters: 8, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
        maxPooling2d({ name: 'half', poolSize: 2 }),
        conv2d({ name: 'shapes', filters: 16, kernelSize: 3, activation: 'relu' }),
        maxPooling2d({ name: 'quarter', poolSize: 2 }),
        flatten({ name: 'features' }),
        dense({ name: 'logits', units: 10 }),
      ],
    }),
  cut: 'features',
  loss: 'softmaxCrossEntropy',
  optimizer: adam(0.002),
  labels: [{ name: 'digit', dtype: 'int32', shape: [], min: 0, max: 9 }],
  metrics: ['accuracy'],
});

const result = await simulate({ task: digits, data: await loadMnist(), clients: 1, steps: Number(steps) });
await saveRun(`${folder}-run`, 'digits', result);
const whole = await loadTrainedModel(`${folder}-run`, digits, result);
const bottom = tf.model({ inputs: whole.inputs, outputs: whole.getLayer('features').output });
console.log(`${(100 * (result.summary.testAccuracy ?? 0)).toFixed(1)} %: ${(await exportModel(bottom, folder)).file}`);
