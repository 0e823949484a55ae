import * as tf from '#tfjs';
import { layerTree } from '../../model/layer-tree.js';
import { registerDilatedGradients } from './kernels/dilated-gradients.js';
import { registerZeroGradients } from './kernels/zero-gradients.js';

/**
 * Patches layers of tfjs that cannot be trained: dilated convolutions, batch normalisation without scale or centre, comparisons; and two
 * that a model cannot even apply: resizing, and a recurrent layer that returns its state. Forward passes compute what they did before.
 */
export function patchLayers(model: tf.LayersModel): void {
  registerDilatedGradients();
  registerZeroGradients();
  for (const layer of model.layers.flatMap(layerTree)) {
    if (layer.getClassName() === 'BatchNormalization') fillNormalisation(layer as unknown as Normalisation);
    if (['Conv1D', 'Conv2D'].includes(layer.getClassName())) unfuseConvolution(layer as unknown as Convolution);
    if (layer.getClassName() === 'Resizing') unwrapInput(layer);
    if (layer.inboundNodes.some(({ outputTensors }) => outputTensors.length > 1)) separateOutputs(layer);
  }
}

interface Reader {
  read(): tf.Tensor;
}

interface Normalisation {
  readonly movingMean: Reader;
  readonly scale: boolean;
  readonly center: boolean;
  gamma?: Reader;
  beta?: Reader;
}

/** In training tfjs reads both whether they are there or not. */
function fillNormalisation(layer: Normalisation): void {
  const size = () => layer.movingMean.read().shape;
  if (!layer.scale) layer.gamma ??= { read: () => tf.ones(size()) };
  if (!layer.center) layer.beta ??= { read: () => tf.zeros(size()) };
}

/** It takes one tensor, and models give it a list. */
function unwrapInput(layer: tf.layers.Layer): void {
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => call([inputs].flat()[0] as tf.Tensor, kwargs);
}

/** A recurrent layer's last output is its state; when it predicts, tfjs frees the one while the other is still to be read. */
function separateOutputs(layer: tf.layers.Layer): void {
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    const outputs = call(inputs, kwargs);
    if (!Array.isArray(outputs)) return outputs;
    return outputs.map((output, i) => (outputs.indexOf(output) < i ? tf.clone(output) : output));
  };
}

interface Convolution {
  readonly kernel: Reader;
  readonly bias: Reader | null;
  readonly strides: number[];
  readonly padding: 'valid' | 'same' | 'causal';
  readonly dataFormat: string;
  readonly dilationRate: number[];
  readonly activation: { apply(x: tf.Tensor): tf.Tensor } | null;
  call(inputs: tf.Tensor | tf.Tensor[], kwargs: unknown): tf.Tensor | tf.Tensor[];
}

/** tfjs fuses a convolution with its bias, and the gradient of the fused one ignores dilation. */
function unfuseConvolution(layer: Convolution): void {
  const { padding, strides, dilationRate, dataFormat } = layer;
  if (dilationRate.every((rate) => rate === 1) || padding === 'causal' || dataFormat !== 'channelsLast') return;
  layer.call = (inputs) =>
    tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const kernel = layer.kernel.read();
      const result =
        strides.length === 1
          ? tf.conv1d(x as tf.Tensor3D, kernel as tf.Tensor3D, strides[0] ?? 1, padding, 'NWC', dilationRate[0])
          : tf.conv2d(
              x as tf.Tensor4D,
              kernel as tf.Tensor4D,
              strides as [number, number],
              padding,
              'NHWC',
              dilationRate as [number, number],
            );
      const shifted = layer.bias ? tf.add(result, layer.bias.read()) : result;
      return layer.activation ? layer.activation.apply(shifted) : shifted;
    });
}
