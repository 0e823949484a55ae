import type * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';

type Layer = tf.layers.Layer;
export type LayerVariable = Layer['weights'][number];

/** The lists a layer keeps its own weights in, whatever is frozen: what tfjs shows depends on it. */
interface OwnWeights {
  readonly _trainableWeights: readonly LayerVariable[];
  readonly _nonTrainableWeights: readonly LayerVariable[];
}

/** A layer and all layers within it: those of a nested model, of a wrapper, the cells of a recurrent layer. Outer ones first. */
export function layerTree(layer: Layer): Layer[] {
  const found = new Set<Layer>();
  const visit = (one: Layer) => {
    if (found.has(one)) return;
    found.add(one);
    innerLayers(one).forEach(visit);
  };
  visit(layer);
  return [...found];
}

/**
 * A layer's weights in an order that does not depend on what is frozen: those made to be trained, then those made not to be.
 * Without frozen layers it is `layer.weights`.
 */
export function weightsOf(layer: Layer): LayerVariable[] {
  const own = layerTree(layer).map((one) => one as unknown as OwnWeights);
  const ordered = [...own.flatMap((one) => one._trainableWeights), ...own.flatMap((one) => one._nonTrainableWeights)];
  // A layer of the user's may return others than it keeps; then only its own word is left.
  const shown = layer.weights;
  return ordered.length === shown.length && shown.every((weight) => ordered.includes(weight)) ? ordered : shown;
}

/** Whether a gradient moves a weight: neither it nor a layer around it is frozen. */
export function isTrained(layer: Layer, weight: LayerVariable): boolean {
  return layer.trainableWeights.includes(weight);
}

/** Whether nothing moves a weight: it was made to be trained, and is frozen. What a forward pass gathers was not made for that. */
export function isConstant(layer: Layer, weight: LayerVariable): boolean {
  const made = layerTree(layer).some((one) => (one as unknown as OwnWeights)._trainableWeights.includes(weight));
  return made && !isTrained(layer, weight);
}

/** Throws BAD_MODEL where two layers hold one weight, such as wrappers of one layer: built again, each would have its own. */
export function refuseHeldTwice(layers: readonly Layer[]): void {
  const holders = new Map<LayerVariable, string>();
  for (const { name, weights } of layers) {
    for (const weight of weights) {
      const other = holders.get(weight);
      holders.set(weight, name);
      if (other === undefined) continue;
      const who = other === name ? `layer '${name}' holds` : `layers '${other}' and '${name}' both hold`;
      throw new TandemError(
        'BAD_MODEL',
        `${who} one and the same layer, with the weight '${weight.originalName}': cut and built again, there would be two`,
        'share a layer by applying it again, not by wrapping it twice',
      );
    }
  }
}

/** Freezes in `to` what is frozen in `from`, which it was rebuilt from: containers and wrappers do not write that down. */
export function copyFrozen(from: Layer, to: Layer): void {
  const [originals, copies] = [layerTree(from), layerTree(to)];
  const alike =
    originals.length === copies.length &&
    originals.every((layer, i) => layer.getClassName() === copies[i]?.getClassName()) &&
    weightsOf(from).length === weightsOf(to).length;
  if (!alike) {
    throw new TandemError(
      'BAD_MODEL',
      `layer '${from.name}' (${from.getClassName()}) holds other layers or weights when it is built again from its getConfig()`,
      "let getConfig() hold all that the layer's constructor reads",
    );
  }
  // An outer layer sets those within it, so they come after it, and single weights last.
  originals.forEach((layer, i) => {
    const copy = copies[i];
    if (copy && copy.trainable !== layer.trainable) copy.trainable = layer.trainable;
  });
  const weights = weightsOf(to);
  weightsOf(from).forEach((weight, i) => {
    const copy = weights[i] as { trainable: boolean } | undefined;
    if (copy) copy.trainable = weight.trainable;
  });
}

/** Of any copy of tfjs. */
function isLayer(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null && 'inboundNodes' in value && 'getClassName' in value;
}

function innerLayers(layer: Layer): Layer[] {
  const { layers } = layer as { layers?: unknown };
  // A container also lists its inputs and outputs, in an order of their own.
  const values: unknown[] = Array.isArray(layers) ? layers : Object.values(layer).flat();
  return values.filter(isLayer);
}
