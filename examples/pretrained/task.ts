import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { fromFolder } from 'tandem/server';
import { adam, defineTask } from 'tandem/shared';

/** Pretrained on the digits by `pretrain.ts`; a URL in place of `fromFolder(...)` loads it from there. */
const folder = fileURLToPath(new URL('../../../examples/pretrained/bottom', import.meta.url));

/** Pictures of two classes of one's own, of which there are few: a bottom that has learned from others, frozen, below a small top. */
export default defineTask({
  name: 'few',
  // Loaded anew for each run; clients get what is frozen once.
  model: async () => {
    const bottom = await tf.loadLayersModel(fromFolder(folder));
    for (const layer of bottom.layers) layer.trainable = false;
    const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
    const features = bottom.outputs[0] as tf.SymbolicTensor;
    const logits = tf.layers.dense({ name: 'top', units: 2, kernelInitializer }).apply(features) as tf.SymbolicTensor;
    return tf.model({ name: 'few', inputs: bottom.inputs, outputs: logits });
  },
  cut: 'features',
  loss: 'softmaxCrossEntropy',
  optimizer: adam(0.003),
  labels: [{ name: 'class', dtype: 'int32', shape: [], min: 0, max: 1 }],
  classes: ['even', 'odd'],
  metrics: ['accuracy'],
  batch: 16,
});
