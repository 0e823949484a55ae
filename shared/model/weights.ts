import * as tf from '@tensorflow/tfjs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { TandemError } from '../errors.js';
import { bytesOf, ndarray, showShape, sizeOf, type DType, type NdArray } from '../ndarray.js';
import { isTrained, weightsOf } from './layer-tree.js';
import { readShares, shareSpecs, withoutStart, writeShares } from './start-shares.js';
import type { SegmentSpec, WeightSpec } from './segment-spec.js';

/** Values in the order of `weightsOf`: those made to be trained first, then the rest, such as moving averages. */
export function readWeights(from: tf.layers.Layer): NdArray[] {
  return weightsOf(from).map((weight) => {
    const value = weight.read();
    return ndarray(dtypeOf(value.dtype), value.shape, value.dataSync().slice());
  });
}

/** Assigns values in the order `readWeights` gives them. Throws BAD_SHAPE when one does not fit. */
export function writeWeights(to: tf.layers.Layer, values: readonly NdArray[]): void {
  const weights = weightsOf(to);
  if (weights.length !== values.length) {
    throw new TandemError('BAD_SHAPE', `'${to.name}' has ${weights.length} weights, ${values.length} were given`);
  }
  weights.forEach((weight, i) => {
    const value = values[i];
    if (value?.data.length !== sizeOf(weight.shape as number[])) {
      throw new TandemError(
        'BAD_SHAPE',
        `weight ${i} of '${to.name}' has shape ${showShape(weight.shape)}, ${showShape(value?.shape ?? [])} was given`,
      );
    }
    // assign, not LayerVariable.write: write would apply a constraint again and change bits.
    tf.tidy(() => (weight.read() as tf.Variable).assign(toTensor(value)));
  });
}

/** Sets variables to values, one each. Throws BAD_SHAPE when one does not fit. */
export function writeVariables(variables: readonly tf.Variable[], values: readonly NdArray[]): void {
  if (variables.length !== values.length) {
    throw new TandemError('BAD_SHAPE', `there are ${variables.length} weights, ${values.length} were given`);
  }
  variables.forEach((variable, i) => {
    const value = values[i];
    if (value?.data.length !== variable.size) {
      const shapes = `${showShape(variable.shape)}, ${showShape(value?.shape ?? [])} was given`;
      throw new TandemError('BAD_SHAPE', `weight ${i} has shape ${shapes}`);
    }
    tf.tidy(() => variable.assign(toTensor(value).reshape(variable.shape)));
  });
}

/** A model's weights, layer by layer; not `model.weights`, which puts all trainable ones first. */
export function readModelWeights(model: tf.LayersModel): NdArray[] {
  return model.layers.flatMap(readWeights);
}

/** The reverse of `readModelWeights`. Throws BAD_SHAPE when the values do not fit. */
export function writeModelWeights(model: tf.LayersModel, values: readonly NdArray[]): void {
  const count = model.layers.reduce((sum, layer) => sum + weightsOf(layer).length, 0);
  if (count !== values.length) {
    throw new TandemError('BAD_SHAPE', `'${model.name}' has ${count} weights, ${values.length} were given`);
  }
  let next = 0;
  for (const layer of model.layers) {
    writeWeights(layer, values.slice(next, (next += weightsOf(layer).length)));
  }
}

/** The weights of a segment's model: those of each layer, then what tells how far its averages have come. */
export function readSegmentWeights(model: tf.LayersModel): NdArray[] {
  return model.layers.flatMap((layer) => [...readWeights(layer), ...readShares(layer)]);
}

/** The reverse of `readSegmentWeights`. Throws BAD_SHAPE when the values do not fit. */
export function writeSegmentWeights(model: tf.LayersModel, values: readonly NdArray[]): void {
  const specs = weightSpecs(model);
  if (specs.length !== values.length) {
    throw new TandemError('BAD_SHAPE', `'${model.name}' has ${specs.length} weights, ${values.length} were given`);
  }
  for (const layer of model.layers) {
    const of = (isShare: boolean) =>
      values.filter((_, i) => specs[i]?.layer === layer.name && (specs[i]?.startShare !== undefined) === isShare);
    writeWeights(layer, of(false));
    writeShares(layer, of(true));
  }
}

/** What `readSegmentWeights` gives, described. */
export function weightSpecs(model: tf.LayersModel): WeightSpec[] {
  return model.layers.flatMap((layer) => [
    ...weightsOf(layer).map((weight, index) => ({
      layer: layer.name,
      index,
      dtype: dtypeOf(weight.dtype),
      shape: weight.shape as number[],
      trainable: isTrained(layer, weight),
    })),
    ...shareSpecs(layer),
  ]);
}

/**
 * SHA-256 over all weights' bytes: float32 (or int32) little-endian, row-major, in the undivided model's order, which is
 * `model.layers` and in each layer that of `weightsOf`.
 */
export function hashWeights(values: readonly NdArray[]): string {
  const hash = sha256.create();
  values.forEach((value) => hash.update(bytesOf(value)));
  return bytesToHex(hash.digest());
}

/** A key that names a weight in every process. */
export function weightKey(weight: Pick<WeightSpec, 'layer' | 'index'>): string {
  return `${weight.layer}/${weight.index}`;
}

/**
 * Puts the weights of all segments into an undivided model built from the same definition, so it can be evaluated,
 * saved or hashed; averages without what they began with. Throws BAD_MODEL when a segment holds a weight the model lacks, or one is missing.
 */
export function mergeWeights(
  model: tf.LayersModel,
  specs: readonly SegmentSpec[],
  weights: readonly (readonly NdArray[])[],
): tf.LayersModel {
  const values = new Map<string, NdArray>();
  specs.forEach((spec, segment) => {
    const own = withoutStart(spec.weights, weights[segment] ?? []);
    spec.weights.forEach((weight, i) => {
      const value = own[i];
      if (value && !weight.startShare) values.set(weightKey(weight), value);
    });
  });
  for (const layer of model.layers) {
    const own = weightsOf(layer).map((_, index) => values.get(weightKey({ layer: layer.name, index })));
    if (own.some((value) => value === undefined)) {
      throw new TandemError('BAD_MODEL', `no segment holds the weights of layer '${layer.name}'`);
    }
    writeWeights(layer, own as NdArray[]);
    own.forEach((_, index) => values.delete(weightKey({ layer: layer.name, index })));
  }
  const [left] = values.keys();
  if (left !== undefined) throw new TandemError('BAD_MODEL', `the model '${model.name}' has no weight '${left}'`);
  return model;
}

export function toTensor(value: NdArray): tf.Tensor {
  const data = value.data instanceof Uint8Array ? Int32Array.from(value.data) : value.data;
  return tf.tensor(data, value.shape as number[], value.dtype === 'float32' ? 'float32' : 'int32');
}

export async function fromTensor(tensor: tf.Tensor): Promise<NdArray> {
  return ndarray(dtypeOf(tensor.dtype), tensor.shape, (await tensor.data()).slice());
}

function dtypeOf(dtype: tf.DataType): DType {
  if (dtype === 'float32' || dtype === 'int32') return dtype;
  throw new TandemError('BAD_MODEL', `weights and outputs of dtype ${dtype} are not supported`);
}
