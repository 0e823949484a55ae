import type * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import { weightsOf } from '../model/layer-tree.js';
import { attachShares, shareSpecs } from '../model/start-shares.js';
import { weightKey } from '../model/weights.js';
import type { SegmentSpec } from '../model/segment-spec.js';

/** The variables of a segment's model. */
export interface SegmentVariables {
  /** In the order of `spec.weights`. */
  readonly weights: readonly tf.Variable[];
  /** In the order of `spec.constants`. */
  readonly constants: readonly tf.Variable[];
  /** Those among the weights that no layer of the model disposes. */
  readonly shares: readonly tf.Variable[];
}

/** Finds the variables of a model that was opened from a spec. Throws BAD_MODEL where the model has others than the spec names. */
export function segmentVariables(model: tf.LayersModel, { weights, constants = [] }: SegmentSpec): SegmentVariables {
  const { all, own } = attachShares(model);
  const keys = model.layers.flatMap((layer) => {
    const indices = [...weightsOf(layer).keys(), ...shareSpecs(layer).map(({ index }) => index)];
    return indices.map((index) => weightKey({ layer: layer.name, index }));
  });
  const byKey = new Map(keys.map((key, i) => [key, all[i]] as const));
  const find = (weight: Parameters<typeof weightKey>[0]) => {
    const variable = byKey.get(weightKey(weight));
    if (variable) return variable;
    throw new TandemError('BAD_MODEL', `'${model.name}' has no weight '${weightKey(weight)}'`);
  };
  const named = weights.length + constants.length;
  if (named !== keys.length) {
    throw new TandemError('BAD_MODEL', `'${model.name}' has ${keys.length} weights, its description names ${named}`);
  }
  return { weights: weights.map(find), constants: constants.map(find), shares: own };
}
