import * as tf from '#tfjs';
import { ndarray, type NdArray } from '../ndarray.js';
import { layerTree, weightsOf, type LayerVariable } from './layer-tree.js';
import type { WeightSpec } from './segment-spec.js';

type Layer = tf.layers.Layer;

/** A batch normalisation, with its moving averages. */
export interface Gatherer {
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
  readonly momentum: number;
}

/** The share of their start value that is left in a layer's moving averages, where it is not what `firstShare` says. */
const shares = new WeakMap<object, number>();

/** The normalisations of a layer and of those within it, each once, in the order of their weights. */
function gatherersOf(layer: Layer): Gatherer[] {
  const known = weightsOf(layer);
  const found = layerTree(layer)
    .filter((one) => one.getClassName() === 'BatchNormalization')
    .map((one) => one as unknown as Gatherer)
    .filter(({ movingMean, movingVariance }) => known.includes(movingMean) && known.includes(movingVariance));
  return [...new Set(found)];
}

/** The start shares of a layer as weights of a segment, after its own. */
export function shareSpecs(layer: Layer): WeightSpec[] {
  const own = weightsOf(layer);
  return gatherersOf(layer).map((gatherer, i) => ({
    ...{ layer: layer.name, index: own.length + i, dtype: 'float32' as const, shape: [], trainable: false },
    startShare: { mean: own.indexOf(gatherer.movingMean), variance: own.indexOf(gatherer.movingVariance) },
  }));
}

export function readShares(layer: Layer): NdArray[] {
  return gatherersOf(layer).map((gatherer) => scalar(shares.get(gatherer) ?? firstShare(gatherer)));
}

export function writeShares(layer: Layer, values: readonly NdArray[]): void {
  gatherersOf(layer).forEach((gatherer, i) => shares.set(gatherer, values[i]?.data[0] ?? 0));
}

/** 1 where the averages still have tfjs's start values, 0 where they were computed elsewhere, as in a pretrained model. */
function firstShare({ movingMean, movingVariance }: Gatherer): number {
  const holds = (weight: LayerVariable, start: number) =>
    weight
      .read()
      .dataSync()
      .every((value: number) => value === start);
  return holds(movingMean, 0) && holds(movingVariance, 1) ? 1 : 0;
}

/**
 * The weights of a segment with bias-corrected moving averages, to predict with, save or give away. After few steps the start value is most
 * of an average: with momentum 0.99, 52 % after 64. Training goes on with the weights as they are.
 */
export function withoutStart(specs: readonly WeightSpec[], weights: readonly NdArray[]): NdArray[] {
  const corrected = [...weights];
  specs.forEach(({ layer, startShare }, place) => {
    const share = weights[place]?.data[0] ?? 0;
    if (!startShare || !(share > 0 && share < 1)) return;
    const at = (index: number) => specs.findIndex((spec) => spec.layer === layer && spec.index === index);
    const change = (index: number, correct: (value: number) => number) => {
      const weight = corrected[at(index)];
      if (weight) corrected[at(index)] = ndarray('float32', weight.shape, Float32Array.from(weight.data, correct));
    };
    const rest = Math.fround(1 - share);
    change(startShare.mean, (value) => value / rest);
    change(startShare.variance, (value) => Math.max(0, Math.fround(value - share) / rest));
    corrected[place] = scalar(0);
  });
  return corrected;
}

/**
 * Gives each normalisation of a model a variable for its start share, and lets it predict with bias-corrected averages. Returns, layer by layer, the
 * variables of the model's weights and then these: the order of a segment's weights.
 */
export function attachShares(model: tf.LayersModel): { readonly all: tf.Variable[]; readonly own: tf.Variable[] } {
  const own: tf.Variable[] = [];
  const all = model.layers.flatMap((layer) => {
    const attached = gatherersOf(layer).map(attach);
    for (const variable of attached) own.push(variable);
    return [...weightsOf(layer).map((weight) => weight.read() as tf.Variable), ...attached];
  });
  return { all, own };
}

function attach(gatherer: Gatherer): tf.Variable {
  const share = tf.tidy(() => tf.variable(tf.scalar(firstShare(gatherer)), false));
  const layer = gatherer as unknown as Layer & { movingMean: Reader; movingVariance: Reader };
  const original = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    if (kwargs.training) {
      const result = original(inputs, kwargs);
      tf.tidy(() => share.assign(tf.mul(share, gatherer.momentum)));
      return result;
    }
    return tf.tidy(() => {
      const { movingMean, movingVariance } = layer;
      const [mean, variance] = correctedTensors(movingMean.read(), movingVariance.read(), share);
      layer.movingMean = { read: () => mean };
      layer.movingVariance = { read: () => variance };
      try {
        return original(inputs, kwargs);
      } finally {
        Object.assign(layer, { movingMean, movingVariance });
      }
    });
  };
  return share;
}

interface Reader {
  read(): tf.Tensor;
}

/** As `withoutStart`, in tensors; before the first step the start value stays. */
function correctedTensors(mean: tf.Tensor, variance: tf.Tensor, share: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const some = tf.cast(tf.less(share, 1), 'float32');
  const none = tf.sub(1, some);
  const rest = tf.add(tf.mul(some, tf.sub(1, share)), none);
  const corrected = tf.relu(tf.div(tf.sub(variance, share), rest));
  return [tf.div(mean, rest), tf.add(tf.mul(some, corrected), tf.mul(none, variance))];
}

function scalar(value: number): NdArray {
  return ndarray('float32', [], Float32Array.of(value));
}
