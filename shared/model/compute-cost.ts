import type * as tf from '@tensorflow/tfjs';
import { weightsOf } from './layer-tree.js';
import { openModel } from './open-model.js';
import type { SegmentSpec } from './segment-spec.js';

/** Layers whose weights are read at every step of their input rather than at every place of their output. */
const READS_INPUT = new Set(['LSTM', 'GRU', 'SimpleRNN', 'Bidirectional', 'TimeDistributed', 'Conv2DTranspose']);
/** Their weights are looked up, not multiplied. */
const LOOKS_UP = new Set(['Embedding']);

/** Forward, gradient of the inputs, gradient of the weights: each costs about the same. */
const PASSES = 3;

/**
 * Floating-point operations of one training step of a segment, a sample: twice the multiply-adds of its matrices and
 * filters in three passes. Activations, pooling and normalisation are left out: they are a few percent. Dimensions of open
 * length count as 1. Throws BAD_MODEL when the segment cannot be built here.
 */
export async function trainingFlops(spec: SegmentSpec): Promise<number> {
  const model = await openModel(spec);
  try {
    return 2 * PASSES * forwardMultiplyAdds(model);
  } finally {
    model.dispose();
  }
}

/** Multiply-adds of one forward pass, a sample. */
export function forwardMultiplyAdds(model: tf.LayersModel): number {
  return model.layers.reduce((sum, layer) => sum + multiplyAdds(layer), 0);
}

function multiplyAdds(layer: tf.layers.Layer): number {
  if ('layers' in layer) return forwardMultiplyAdds(layer as tf.LayersModel);
  if (LOOKS_UP.has(layer.getClassName())) return 0;
  const values = weightsOf(layer)
    .filter(({ shape }) => shape.length > 1)
    .reduce((sum, { shape }) => sum + shape.reduce<number>((product, length) => product * (length ?? 1), 1), 0);
  const shapes = layer.inboundNodes.map((node) =>
    READS_INPUT.has(layer.getClassName()) ? node.inputShapes : node.outputShapes,
  );
  return values * shapes.reduce((sum, of) => sum + places(of), 0);
}

/** How many vectors of channels a tensor of this shape has, the batch left out. */
function places(of: tf.Shape | tf.Shape[]): number {
  const shape = (Array.isArray(of[0]) ? of[0] : of) as tf.Shape;
  return shape.slice(1, -1).reduce<number>((product, length) => product * (length ?? 1), 1);
}
