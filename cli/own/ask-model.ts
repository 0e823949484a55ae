import * as tf from '#tfjs';
import { toTensor } from '../../shared/model/weights.js';
import type { NdArray } from '../../shared/ndarray.js';

/** So many samples are asked about at once. */
export const ASKED_ROWS = 256;

/** What the whole model, merged here, answers to some samples: its first output, row by row. */
export async function askModel(model: tf.LayersModel, inputs: readonly NdArray[]): Promise<Float32Array> {
  const tensors = inputs.map(toTensor);
  const answers = [model.predict(tensors.length === 1 ? (tensors[0] as tf.Tensor) : tensors)].flat();
  const values = (await answers[0]?.data()) as Float32Array;
  tf.dispose([tensors, answers]);
  return values;
}
