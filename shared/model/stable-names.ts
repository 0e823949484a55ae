import type * as tf from '@tensorflow/tfjs';
import { readGraph } from './graph.js';
import { copyState, rebuild } from './rebuild.js';

/** How tfjs names a layer that was given no name: `dense_Dense7`, counted over all models of the process. */
const GIVEN_BY_TFJS = /^(.*_[A-Z]\w*?)\d+$/;

/**
 * The same model with the same names in every process and at every build: layers without a name of their own are counted
 * within the model, from 1. Weights, dropout and cuts are found by these names. Takes the model over: either it is
 * returned as it is, or it is freed.
 */
export function withStableNames(model: tf.LayersModel): tf.LayersModel {
  const counts = new Map<string, number>();
  const names = new Map<tf.layers.Layer, string>();
  for (const layer of model.layers) {
    const prefix = GIVEN_BY_TFJS.exec(layer.name)?.[1];
    const count = (counts.get(prefix ?? '') ?? 0) + 1;
    if (prefix !== undefined) counts.set(prefix, count);
    names.set(layer, prefix === undefined ? layer.name : `${prefix}${count}`);
  }
  const nameOf = (layer: tf.layers.Layer) => names.get(layer) ?? layer.name;
  if (model.layers.every((layer) => nameOf(layer) === layer.name)) return model;
  const stable = rebuild('model', readGraph(model).nodes, model.inputs, model.outputs, nameOf);
  copyState(model, stable, nameOf);
  model.dispose();
  return stable;
}
