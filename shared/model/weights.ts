import * as tf from '#tfjs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { TandemError } from '../errors.js';
import { bytesOf, ndarray, showShape, sizeOf, type DType, type NdArray } from '../ndarray.js';
import { isConstant, isTrained, weightsOf, type LayerVariable } from './layer-tree.js';
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

/** The values that `weightSpecs` describes: the weights of each layer that change, then the start shares of its averages. */
export function readSegmentWeights(model: tf.LayersModel): NdArray[] {
  return model.layers.flatMap((layer) => {
    const own = weightsOf(layer);
    return [...readWeights(layer).filter((_, i) => !isFrozen(layer, own[i])), ...readShares(layer)];
  });
}

/** Gives a segment's model, rebuilt from its spec, these weights and the constants of the spec. Throws BAD_SHAPE when they do not fit. */
export function writeSegmentWeights(model: tf.LayersModel, spec: SegmentSpec, values: readonly NdArray[]): void {
  if (spec.weights.length !== values.length) {
    throw new TandemError(
      'BAD_SHAPE',
      `'${model.name}' has ${spec.weights.length} weights, ${values.length} were given`,
    );
  }
  const byKey = new Map(namedValues(spec, values));
  for (const layer of model.layers) {
    const valuesOf = (indices: readonly number[]) =>
      indices.flatMap((index) => byKey.get(weightKey({ layer: layer.name, index })) ?? []);
    writeWeights(layer, valuesOf([...weightsOf(layer).keys()]));
    writeShares(layer, valuesOf(shareSpecs(layer).map(({ index }) => index)));
  }
}

/** The specs of a segment's weights that change in training. */
export function weightSpecs(model: tf.LayersModel): WeightSpec[] {
  return model.layers.flatMap((layer) => [
    ...weightsOf(layer).flatMap((weight, index) => {
      const { name } = layer;
      const described = { layer: name, index, dtype: dtypeOf(weight.dtype), shape: weight.shape as number[] };
      return isFrozen(layer, weight) ? [] : [{ ...described, trainable: isTrained(layer, weight) }];
    }),
    ...shareSpecs(layer),
  ]);
}

/** The specs of a segment's frozen weights, where there are any. */
export function constantsOf(model: tf.LayersModel): Pick<SegmentSpec, 'constants'> {
  const constants = model.layers.flatMap((layer) => {
    const own = weightsOf(layer);
    const read = own.some((weight) => isFrozen(layer, weight)) ? readWeights(layer) : [];
    return read.flatMap((value, index) => (isFrozen(layer, own[index]) ? [{ layer: layer.name, index, value }] : []));
  });
  return constants.length > 0 ? { constants } : {};
}

/** A segment's weights and constants by their keys. */
export function namedValues({ weights, constants = [] }: SegmentSpec, values: readonly NdArray[]): [string, NdArray][] {
  return [
    ...weights.flatMap((weight, i) => (values[i] ? [[weightKey(weight), values[i]] as [string, NdArray]] : [])),
    ...constants.map((constant) => [weightKey(constant), constant.value] as [string, NdArray]),
  ];
}

/** The same without start shares, which the undivided model does not have. */
export function modelValues(spec: SegmentSpec, values: readonly NdArray[]): [string, NdArray][] {
  const shares = new Set(spec.weights.flatMap((weight) => (weight.startShare ? [weightKey(weight)] : [])));
  return namedValues(spec, values).filter(([key]) => !shares.has(key));
}

function isFrozen(layer: tf.layers.Layer, weight: LayerVariable | undefined): boolean {
  return weight !== undefined && isConstant(layer, weight);
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
 * saved or hashed; its moving averages are bias-corrected. Throws BAD_MODEL when a segment holds a weight the model lacks, or one is missing.
 */
export function mergeWeights(
  model: tf.LayersModel,
  specs: readonly SegmentSpec[],
  weights: readonly (readonly NdArray[])[],
): tf.LayersModel {
  const values = new Map<string, NdArray>();
  specs.forEach((spec, segment) => {
    const own = withoutStart(spec.weights, weights[segment] ?? []);
    for (const [key, value] of modelValues(spec, own)) values.set(key, value);
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
