import * as tf from '@tensorflow/tfjs';
import { sgd } from '../../shared/engine/optimizer.js';
import { buildPlaced } from '../../shared/model/build.js';
import { writeModelWeights } from '../../shared/model/weights.js';
import { defineTask, type Task } from '../../shared/task.js';
import { tinyTask } from './tiny-task.js';

/** What is below the cut at `wide` at small clients: other layers, dropout among them, and the same three values. */
const small = (): tf.LayersModel =>
  tf.sequential({
    name: 'small',
    layers: [
      tf.layers.dropout({ name: 'drop', rate: 0.25, inputShape: [4] }),
      tf.layers.dense({ name: 'thin', units: 1, activation: 'tanh' }),
      tf.layers.dense({ name: 'spread', units: 3, activation: 'relu' }),
    ],
  });

/** The tiny task cut after its first layer, where clients may have another bottom. */
export const twoBottoms: Task = defineTask({ ...tinyTask, cut: 'wide,hidden', bottoms: { small } });

/** The same without dropout and with SGD, so that batches add up. */
export const plainBottoms: Task = defineTask({
  ...twoBottoms,
  optimizer: sgd(0.3),
  bottoms: {
    small: () =>
      tf.sequential({ layers: [tf.layers.dense({ name: 'thin', units: 3, activation: 'tanh', inputShape: [4] })] }),
  },
});

/** The undivided model of a task's bottom `small` and what is above the cut, with the weights that a run with this seed begins with. */
export async function smallUndivided(task: Task, seed: number): Promise<Task> {
  const { cut, bottoms } = await buildPlaced(task, { seed, topology: 'vanilla' });
  const weights = [...(bottoms[0]?.weights ?? []), ...cut.weights.slice(1).flat()];
  return {
    ...task,
    bottoms: {},
    cut: 'hidden',
    cuts: {},
    model: async () => {
      const [below, whole] = [await task.bottoms?.small?.(), await task.model()];
      const layers = [...(below?.layers ?? []), ...whole.layers.slice(1)];
      const model = tf.sequential({ name: 'undivided', layers: layers.map(again) });
      writeModelWeights(model, weights);
      return model;
    },
  };
}

/** A layer may stand in one model only. */
function again(layer: tf.layers.Layer): tf.layers.Layer {
  const maker = layer.constructor as unknown as {
    fromConfig(cls: unknown, config: tf.serialization.ConfigDict): tf.layers.Layer;
  };
  return maker.fromConfig(maker, layer.getConfig());
}
