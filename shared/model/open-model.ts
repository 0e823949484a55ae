import * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import type { SegmentSpec } from './segment-spec.js';

/** Builds a segment's model from its definition, with weights still to be set. Throws BAD_MODEL. */
export async function openModel(spec: SegmentSpec): Promise<tf.LayersModel> {
  try {
    return await tf.models.modelFromJSON(JSON.parse(spec.topology) as tf.io.ModelJSON['modelTopology']);
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new TandemError(
      'BAD_MODEL',
      `segment ${spec.index} cannot be built here: ${message}`,
      'register layers of your own on every party with tf.serialization.registerClass',
    );
  }
}
