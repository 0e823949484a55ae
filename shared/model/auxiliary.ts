import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import { showShape, type NdArray, type TensorSpec } from '../ndarray.js';
import type { Task } from '../task.js';
import { tryOut } from '../trial/try-out.js';
import { cutModel } from './cut.js';
import type { SegmentSpec } from './segment-spec.js';
import { takeModel } from './take-model.js';

/** A head with the task's loss that stands on the cut beside the server's segments; it is no part of the trained model. */
export interface Auxiliary {
  readonly spec: SegmentSpec;
  readonly weights: readonly NdArray[];
}

/** Images are pooled to about this size before they are flattened, so that the head stays small. */
const POOLED_SIDE = 4;

/**
 * Builds the auxiliary head for a bottom: the task's own, or pooling, flattening and one dense layer for each output of
 * the model, with the activation the model ends with. Throws BAD_OPTION when the task's own does not fit, or when it has
 * none and the model does not end in one value a class.
 */
export async function buildAuxiliary(
  task: Task,
  bottom: SegmentSpec,
  top: SegmentSpec,
  seed: number,
): Promise<Auxiliary> {
  const { auxiliary = () => defaultHead(task, bottom, top) } = task;
  const model = await takeModel(`auxiliary of task '${task.name}'`, ['auxiliary', seed], auxiliary, task.copies);
  try {
    const { specs, weights } = cutModel(model, []);
    const [spec] = specs;
    if (!spec) throw new TandemError('BAD_OPTION', `task '${task.name}' has an empty auxiliary head`);
    checkFits(task, 'takes', spec.inputs, bottom.outputs);
    checkFits(task, 'makes', spec.outputs, top.outputs);
    await tryOut(task, model, { specs, weights });
    // Above a bottom, as a top is: gradients of its inputs are wanted, and its random numbers are not the bottom's.
    return { spec: { ...spec, index: 1, of: 2 }, weights: weights[0] ?? [] };
  } finally {
    model.dispose();
  }
}

function defaultHead(task: Task, bottom: SegmentSpec, top: SegmentSpec): tf.LayersModel {
  const inputs = bottom.outputs.map(({ name, dtype, shape }) => {
    return tf.input({
      name: `auxiliary_from_${name.replace(/\W/g, '_')}`,
      shape: [...shape],
      dtype: asFloat(task, dtype),
    });
  });
  const flat = inputs.map(flattened);
  const features =
    flat.length === 1
      ? flat[0]
      : (tf.layers.concatenate({ name: 'auxiliary_features' }).apply(flat) as tf.SymbolicTensor);
  const outputs = top.outputs.map(({ name, shape }, i) => {
    const [units, ...more] = shape;
    if (typeof units !== 'number' || more.length > 0) {
      const what = `output '${name}' of task '${task.name}' has shape ${showShape(shape)}`;
      throw new TandemError('BAD_OPTION', `${what}, for which there is no auxiliary head`, OWN);
    }
    const layer = tf.layers.dense({ name: `auxiliary${i}`, units, activation: activationOf(top, name) });
    return layer.apply(features as tf.SymbolicTensor) as tf.SymbolicTensor;
  });
  return tf.model({ name: 'auxiliary', inputs, outputs });
}

const OWN = 'write auxiliary: () => ... in the task; see docs/tasks.md';

/** A gradient has to come back through every tensor of the cut. */
function asFloat(task: Task, dtype: TensorSpec['dtype']): 'float32' {
  if (dtype === 'float32') return dtype;
  throw new TandemError('BAD_OPTION', `a tensor of ${dtype} crosses the cut of task '${task.name}'`, OWN);
}

function flattened(input: tf.SymbolicTensor, index: number): tf.SymbolicTensor {
  const [, ...shape] = input.shape;
  const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor) => layer.apply(x) as tf.SymbolicTensor;
  const name = `auxiliary_pool${index}`;
  if (shape.length === 1) return input;
  if (shape.length === 2) return apply(tf.layers.globalAveragePooling1d({ name }), input);
  const [height, width] = shape;
  if (shape.length === 3 && (height === null || width === null)) {
    return apply(tf.layers.globalAveragePooling2d({ name, dataFormat: 'channelsLast' }), input);
  }
  const flatten = tf.layers.flatten({ name: `auxiliary_flatten${index}` });
  if (shape.length !== 3) return apply(flatten, input);
  const poolSize = [height, width].map((side) => Math.ceil((side ?? 1) / POOLED_SIDE)) as [number, number];
  return apply(flatten, apply(tf.layers.averagePooling2d({ name, poolSize, padding: 'same' }), input));
}

/** The activation of the layer that makes an output; tfjs reads what it writes itself. */
function activationOf(top: SegmentSpec, name: string): 'linear' {
  interface Described {
    readonly config: {
      readonly layers: readonly { readonly name: string; readonly config: { activation?: unknown } }[];
    };
  }
  const { config } = JSON.parse(top.topology) as Described;
  const layer = config.layers.find((candidate) => candidate.name === name);
  return (layer?.config.activation ?? 'linear') as 'linear';
}

function checkFits(task: Task, verb: string, own: readonly TensorSpec[], wanted: readonly TensorSpec[]): void {
  const show = (specs: readonly TensorSpec[]) =>
    specs.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(', ');
  if (show(own) === show(wanted)) return;
  const what = `the auxiliary head of task '${task.name}' ${verb} ${show(own)}, but ${show(wanted)}`;
  throw new TandemError(
    'BAD_OPTION',
    `${what} ${verb === 'takes' ? 'come from the bottom' : 'is what the model makes'}`,
    OWN,
  );
}
