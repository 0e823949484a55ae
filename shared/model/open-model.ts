import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import { checkValues, withinItsWeights } from './bounded-model.js';
import { checkCalls } from './called-layers.js';
import type { SegmentSpec } from './segment-spec.js';

/** Builds a segment's model from its definition, with weights still to be set. Throws BAD_MODEL. */
export async function openModel(spec: SegmentSpec): Promise<tf.LayersModel> {
  try {
    const topology = JSON.parse(spec.topology) as tf.io.ModelJSON['modelTopology'];
    checkCalls(spec.index, topology);
    const model = await withinItsWeights(spec, () => tf.models.modelFromJSON(topology));
    checkValues(spec, model);
    return model;
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new TandemError(
      'BAD_MODEL',
      `segment ${spec.index} cannot be built here: ${message}`,
      'register layers of your own on every party with tf.serialization.registerClass',
    );
  }
}
