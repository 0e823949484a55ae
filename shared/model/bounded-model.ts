import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import { sizeOf } from '../ndarray.js';
import type { SegmentSpec } from './segment-spec.js';

/** What tfjs counts along with a layer, such as a number that was drawn. */
const SLACK = 1_000_000;
/** Values that a layer makes of one sample: half a gigabyte. */
const MOST_VALUES = 2 ** 27;

type AddWeight = (this: tf.layers.Layer, name: string, shape: readonly number[], ...rest: unknown[]) => unknown;

/**
 * Calls what builds a segment's model, and lets it have no more weights than its definition lists: a few words of JSON may ask for more memory than a machine has.
 * Throws BAD_MODEL before anything of that size is there. What builds is called at once, without waiting for anything.
 */
export function withinItsWeights<T>({ index, weights, constants = [] }: SegmentSpec, build: () => T): T {
  const listed = [...weights.map(({ shape }) => shape), ...constants.map(({ value }) => value.shape)];
  let left = SLACK + listed.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const layer = tf.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = layer;
  layer.addWeight = function (name, shape, ...rest) {
    left -= sizeOf(shape);
    if (!(left >= 0)) {
      const what = `segment ${index} has a layer '${this.name}' with a weight of the shape [${shape.join(', ')}], which its definition does not list`;
      throw new TandemError('BAD_MODEL', what, 'use a server that you trust');
    }
    return addWeight.call(this, name, shape, ...rest);
  };
  try {
    return build();
  } finally {
    layer.addWeight = addWeight;
  }
}

/** Throws BAD_MODEL for a layer whose output for one sample is larger than MOST_VALUES. */
export function checkValues({ index }: SegmentSpec, model: tf.LayersModel): void {
  // By its uses: a nested model has another output for each of them.
  const uses = model.layers.flatMap(({ name, inboundNodes }) => inboundNodes.map((node) => ({ name, node })));
  for (const { name, node } of uses) {
    const shapes = node.outputTensors.map(({ shape }) => shape);
    const values = shapes.reduce((sum, shape) => sum + sizeOf(shape.map((length) => length ?? 1)), 0);
    if (values <= MOST_VALUES) continue;
    const what = `segment ${index} has a layer '${name}' that makes ${values} values of one sample, at most ${MOST_VALUES} are computed here`;
    throw new TandemError('BAD_MODEL', what, 'use a server that you trust, or make the layer smaller');
  }
}
