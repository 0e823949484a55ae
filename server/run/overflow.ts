import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import { normOf, type NdArray } from '../../shared/ndarray.js';

/** A weight that is trained makes no sense above this, unless it was near it before. */
export const LARGEST_TRAINED = 1e7;
/** How many times as large values may become in one round. */
export const MOST_GROWTH = 1e3;
/** What the layers of a model may make of an input of 1 without being tried. */
const SAFE_GAIN = 1e6;

/** Layers that use each weight once for an output, and make no value larger but by their weights. */
const PLAIN = new Set(
  'InputLayer Dense Conv1D Conv2D DepthwiseConv2D Activation ReLU LeakyReLU Softmax Flatten Reshape Permute Dropout ZeroPadding2D Embedding'
    .concat(' MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D GlobalAveragePooling1D GlobalMaxPooling2D')
    .concat(' GlobalMaxPooling1D GlobalAveragePooling2D Sequential Functional Model')
    .split(' '),
);

/** Whether no input of a usual size can overflow, by the norms of the weights alone, so that nothing has to be computed. */
export function cannotOverflow(
  chain: readonly { readonly spec: SegmentSpec; readonly weights: readonly NdArray[] }[],
): boolean {
  let gain = 1;
  for (const { spec, weights } of chain) {
    if (!isPlain(spec.topology) || spec.weights.some(({ trainable }) => !trainable)) return false;
    gain *= gainOf(weights);
    if (!(gain <= SAFE_GAIN)) return false;
  }
  return true;
}

/**
 * How many times as large a value may become on its way through these weights, about: the product of their norms. A kernel used at many places of an image is
 * bounded by its norm times the root of its size; each weight counts as a layer of its own.
 */
export function gainOf(weights: readonly NdArray[]): number {
  return weights.reduce((gain, weight) => gain * (1 + normOf([weight])), 1);
}

/** The topology is JSON of layers; anything in it that is not known is not plain. */
function isPlain(topology: string): boolean {
  const classes = topology.matchAll(/"class_name":"(\w+)"/g);
  for (const [, name = ''] of classes) if (!PLAIN.has(name) && !isInitializer(name)) return false;
  return !topology.includes('"activation":"exponential"');
}

function isInitializer(name: string): boolean {
  return /^(Zeros|Ones|Constant|VarianceScaling|RandomNormal|RandomUniform|TruncatedNormal|Orthogonal|Identity|L1L2)$/.test(
    name,
  );
}
