import * as tf from '@tensorflow/tfjs';

const L = tf.layers;
type Symbolic = tf.SymbolicTensor;

/** A small net around one layer. Below it stands `below`, or `below` and `side`; above it `above`; it is called `layer`. */
export interface LayerNet {
  /** Of one sample. */
  readonly input: readonly number[];
  /** Inputs are whole numbers from 0 up to, but not, this. */
  readonly tokens?: number;
  /** Where the layer's inputs are made: the cut before it. */
  readonly before?: string;
  /** What to know about the net, for people. */
  readonly note?: string;
  readonly model: () => tf.LayersModel;
}

/** Why a class of tfjs has no net of its own. */
type Instead = string;

const vector = [4];
const sequence = [5, 2];
const image = [6, 6, 2];
const volume = [4, 4, 4, 2];

const named = { name: 'layer' };
const above = () => L.activation({ name: 'above', activation: 'tanh' });
const apply = (layer: tf.layers.Layer, ...x: Symbolic[]) => layer.apply(x.length === 1 && x[0] ? x[0] : x) as Symbolic;

/** From the input to three logits; `below` is dense unless it is given. */
function around(
  input: readonly number[],
  layer: () => tf.layers.Layer,
  { top = above, ...more }: Partial<LayerNet> & { readonly top?: () => tf.layers.Layer } = {},
): LayerNet {
  const model = () => {
    const x = tf.input({ shape: [...input], name: 'x' });
    const below = apply(L.dense({ name: 'below', units: 4 }), x);
    return ended(x, apply(top(), apply(layer(), below)));
  };
  return { input, model, ...more };
}

function ended(x: Symbolic, last: Symbolic): tf.LayersModel {
  const flat = last.rank > 2 ? apply(L.flatten({ name: 'flat' }), last) : last;
  return tf.model({ inputs: x, outputs: apply(L.dense({ name: 'logits', units: 3 }), flat) });
}

/** A layer that joins two tensors. */
function joining(layer: () => tf.layers.Layer): LayerNet {
  const model = () => {
    const x = tf.input({ shape: vector, name: 'x' });
    const both = ['below', 'side'].map((name) => apply(L.dense({ name, units: 4, activation: 'tanh' }), x));
    return ended(x, apply(above(), apply(layer(), ...both)));
  };
  return { input: vector, before: 'below+side', model };
}

/** A layer that reads whole numbers; a layer that hands them on stands below it. */
function reading(layer: () => tf.layers.Layer): LayerNet {
  const model = () => {
    const x = tf.input({ shape: [6], name: 'x' });
    return ended(x, apply(above(), apply(layer(), apply(L.reshape({ name: 'below', targetShape: [6] }), x))));
  };
  return { input: [6], tokens: 7, model };
}

type Cell = Exclude<Parameters<typeof L.rnn>[0]['cell'], readonly unknown[] | undefined>;

const cell = (make: () => tf.layers.Layer) => around(sequence, () => L.rnn({ ...named, cell: make() as Cell }));
const inside = (name: string): tf.layers.Layer => L.dense({ name, units: 3 });

/** A net for every class of layer that tfjs registers, by the class's name. */
export const layerNets: Readonly<Record<string, LayerNet | Instead>> = {
  Activation: around(vector, () => L.activation({ ...named, activation: 'elu' })),
  Add: joining(() => L.add(named)),
  AlphaDropout: around(vector, () => L.alphaDropout({ ...named, rate: 0.3 })),
  Average: joining(() => L.average(named)),
  AveragePooling1D: around(sequence, () => L.averagePooling1d({ ...named, poolSize: 2 })),
  AveragePooling2D: around(image, () => L.averagePooling2d({ ...named, poolSize: 2 })),
  AveragePooling3D: around(volume, () =>
    L.averagePooling3d({ ...named, poolSize: 2, strides: 2, padding: 'valid', dataFormat: 'channelsLast' }),
  ),
  BatchNormalization: around(vector, () => L.batchNormalization(named)),
  Bidirectional: around(sequence, () =>
    L.bidirectional({
      ...named,
      layer: L.lstm({ name: 'inside', units: 3, returnSequences: true }),
      mergeMode: 'concat',
    }),
  ),
  CategoryEncoding: reading(() => L.categoryEncoding({ ...named, numTokens: 7, outputMode: 'multiHot' })),
  CenterCrop: around(image, () => L.centerCrop({ ...named, height: 3, width: 4 })),
  Concatenate: joining(() => L.concatenate(named)),
  Conv1D: around(sequence, () => L.conv1d({ ...named, filters: 3, kernelSize: 2 })),
  Conv2D: around(image, () => L.conv2d({ ...named, filters: 3, kernelSize: [3, 2], padding: 'same' })),
  Conv2DTranspose: around(image, () => L.conv2dTranspose({ ...named, filters: 3, kernelSize: 2, strides: 2 })),
  Conv3D: around(volume, () => L.conv3d({ ...named, filters: 3, kernelSize: 2 })),
  Conv3DTranspose: around(volume, () => L.conv3dTranspose({ ...named, filters: 3, kernelSize: 2 })),
  ConvLSTM2D: around([3, 5, 5, 2], () => L.convLstm2d({ ...named, filters: 2, kernelSize: 3 })),
  ConvLSTM2DCell: 'it is the inside of `ConvLSTM2D`',
  Cropping2D: around(image, () =>
    L.cropping2D({
      ...named,
      cropping: [
        [1, 0],
        [2, 1],
      ],
    }),
  ),
  Dense: around(vector, () => L.dense({ ...named, units: 5, activation: 'relu' })),
  DepthwiseConv2D: around(image, () => L.depthwiseConv2d({ ...named, kernelSize: 3, depthMultiplier: 2 })),
  Dot: joining(() => L.dot({ ...named, axes: -1 })),
  Dropout: around(vector, () => L.dropout({ ...named, rate: 0.4 })),
  ELU: around(vector, () => L.elu(named)),
  Embedding: reading(() => L.embedding({ ...named, inputDim: 7, outputDim: 3 })),
  Flatten: around(image, () => L.flatten(named)),
  Functional: around(vector, () => {
    const x = tf.input({ shape: vector });
    const model = tf.model({ name: 'layer', inputs: x, outputs: apply(inside('inside'), x) });
    return model;
  }),
  GRU: around(sequence, () => L.gru({ ...named, units: 3 })),
  GRUCell: cell(() => L.gruCell({ name: 'inside', units: 3 })),
  GaussianDropout: around(vector, () => L.gaussianDropout({ ...named, rate: 0.3 })),
  GaussianNoise: around(vector, () => L.gaussianNoise({ ...named, stddev: 0.2 })),
  GlobalAveragePooling1D: around(sequence, () => L.globalAveragePooling1d(named)),
  GlobalAveragePooling2D: around(image, () => L.globalAveragePooling2d({ ...named, dataFormat: 'channelsLast' })),
  GlobalMaxPooling1D: around(sequence, () => L.globalMaxPooling1d(named)),
  GlobalMaxPooling2D: around(image, () => L.globalMaxPooling2d({ ...named, dataFormat: 'channelsLast' })),
  InputLayer: {
    input: vector,
    before: 'layer',
    model: () =>
      tf.sequential({
        layers: [
          L.inputLayer({ inputShape: vector, ...named }),
          L.dense({ name: 'above', units: 5 }),
          L.dense({ name: 'logits', units: 3 }),
        ],
      }),
  },
  LSTM: around(sequence, () => L.lstm({ ...named, units: 3 })),
  LSTMCell: cell(() => L.lstmCell({ name: 'inside', units: 3 })),
  LayerNormalization: around(vector, () => L.layerNormalization(named)),
  LeakyReLU: around(vector, () => L.leakyReLU({ ...named, alpha: 0.2 })),
  Masking: around(sequence, () => L.masking(named), { top: () => L.gru({ name: 'above', units: 3 }) }),
  MaxPooling1D: around(sequence, () => L.maxPooling1d({ ...named, poolSize: 2 })),
  MaxPooling2D: around(image, () => L.maxPooling2d({ ...named, poolSize: [3, 2], strides: 2, padding: 'same' })),
  MaxPooling3D: around(volume, () =>
    L.maxPooling3d({ ...named, poolSize: 2, strides: 2, padding: 'valid', dataFormat: 'channelsLast' }),
  ),
  Maximum: joining(() => L.maximum(named)),
  Minimum: joining(() => L.minimum(named)),
  Model: 'it is registered as `Functional` too',
  Multiply: joining(() => L.multiply(named)),
  PReLU: around(vector, () => L.prelu(named)),
  Permute: around(sequence, () => L.permute({ ...named, dims: [2, 1] })),
  RNN: around(sequence, () =>
    L.rnn({ ...named, cell: L.simpleRNNCell({ name: 'inside', units: 3 }), returnSequences: true }),
  ),
  RandomWidth: around(image, () => L.randomWidth({ ...named, factor: 0.3, autoVectorize: false, seed: 5 }), {
    top: () => L.globalAveragePooling2d({ name: 'above', dataFormat: 'channelsLast' }),
  }),
  ReLU: around(vector, () => L.reLU({ ...named, maxValue: 0.9 })),
  RepeatVector: around(vector, () => L.repeatVector({ ...named, n: 3 })),
  Rescaling: around(image, () => L.rescaling({ ...named, scale: 0.4, offset: -0.1 })),
  Reshape: around(vector, () => L.reshape({ ...named, targetShape: [2, 2] })),
  Resizing: around(image, () => L.resizing({ ...named, height: 4, width: 9 })),
  SeparableConv2D: around(image, () => L.separableConv2d({ ...named, filters: 3, kernelSize: 3, depthMultiplier: 2 })),
  Sequential: around(vector, () => {
    const model = tf.sequential({ name: 'layer', layers: [L.dense({ name: 'inside', units: 3, inputShape: vector })] });
    return model;
  }),
  SimpleRNN: around(sequence, () => L.simpleRNN({ ...named, units: 3 })),
  SimpleRNNCell: cell(() => L.simpleRNNCell({ name: 'inside', units: 3 })),
  Softmax: around(vector, () => L.softmax(named)),
  SpatialDropout1D: around(sequence, () => L.spatialDropout1d({ ...named, rate: 0.4 })),
  StackedRNNCells: cell(() =>
    L.stackedRNNCells({
      name: 'inside',
      cells: [L.gruCell({ name: 'lower', units: 4 }), L.gruCell({ name: 'upper', units: 3 })],
    }),
  ),
  ThresholdedReLU: around(vector, () => L.thresholdedReLU({ ...named, theta: 0.1 })),
  TimeDistributed: around(sequence, () => L.timeDistributed({ ...named, layer: inside('inside') })),
  UpSampling2D: around(image, () => L.upSampling2d({ ...named, size: [2, 3] })),
  ZeroPadding2D: around(image, () =>
    L.zeroPadding2d({
      ...named,
      padding: [
        [1, 2],
        [0, 1],
      ],
    }),
  ),
};

/** The names of all classes of layer that the installed tfjs registers. */
export function registeredLayers(): string[] {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  return Object.entries(classNameMap)
    .filter(([, [made]]) => (made as unknown as { prototype: unknown }).prototype instanceof L.Layer)
    .map(([name]) => name)
    .sort();
}
