import * as tf from '@tensorflow/tfjs';
import type { Loss } from '../../shared/model/loss.js';

/** One model an engine must train as tfjs does on its cpu backend. Sizes are odd and small. */
export interface EngineCase {
  readonly name: string;
  readonly model: () => tf.LayersModel;
  /** The tfjs backend that knows the right answer, where the cpu backend does not. */
  readonly oracle?: 'wasm';
  /** Where the inputs are whole numbers below this, e.g. words. */
  readonly vocabulary?: number;
}

export interface LossCase {
  readonly name: string;
  readonly loss: Loss;
  readonly units: number;
  /** The shape of the labels without the batch, and the number of classes where they are classes. */
  readonly labels: { readonly shape: readonly number[]; readonly classes?: number };
}

const L = tf.layers;

function stack(name: string, inputShape: number[], ...layers: tf.layers.Layer[]): EngineCase {
  return { name, model: () => sequence(inputShape, layers.map(clone)) };
}

function sequence(inputShape: number[], layers: tf.layers.Layer[]): tf.LayersModel {
  const input = tf.input({ shape: inputShape });
  const output = layers.reduce((tensor, layer) => layer.apply(tensor) as tf.SymbolicTensor, input);
  return tf.model({ inputs: input, outputs: output });
}

/** A case can be built more than once; a layer belongs to one model. */
function clone(layer: tf.layers.Layer): tf.layers.Layer {
  const maker = layer.constructor as unknown as { fromConfig(cls: unknown, config: object): tf.layers.Layer };
  return maker.fromConfig(maker, layer.getConfig());
}

const image = [8, 6, 3];

const convolutions = [
  stack('conv2d', image, L.conv2d({ filters: 5, kernelSize: 3, activation: 'relu' })),
  stack('conv2d, same', image, L.conv2d({ filters: 4, kernelSize: [3, 2], padding: 'same', useBias: false })),
  stack('conv2d, strides', [9, 7, 2], L.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })),
  stack('conv2d, strides that leave a rest', [8, 9, 2], L.conv2d({ filters: 3, kernelSize: 3, strides: [2, 3] })),
  stack('conv2d, 1 x 1', image, L.conv2d({ filters: 7, kernelSize: 1, activation: 'tanh' })),
  stack('conv1d', [11, 3], L.conv1d({ filters: 5, kernelSize: 4, strides: 2, activation: 'relu' })),
  stack('conv2dTranspose', [4, 3, 3], L.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' })),
  stack('depthwiseConv2d', image, L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: 'relu' })),
  stack('depthwiseConv2d, strides', [9, 7, 3], L.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' })),
  stack('separableConv2d', image, L.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2 })),
];

const pools = [
  stack('maxPooling2d', image, L.maxPooling2d({ poolSize: 2 })),
  stack('maxPooling2d, odd sizes', [9, 7, 3], L.maxPooling2d({ poolSize: 2 })),
  stack('maxPooling2d, overlap', [9, 7, 3], L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  stack('maxPooling2d after relu', image, L.reLU(), L.maxPooling2d({ poolSize: 2 })),
  stack('maxPooling1d', [9, 3], L.maxPooling1d({ poolSize: 3 })),
  stack('averagePooling2d', image, L.averagePooling2d({ poolSize: 2 })),
  stack('averagePooling2d, same', [9, 7, 3], L.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  stack('globalAveragePooling2d', image, L.globalAveragePooling2d({})),
  stack('globalMaxPooling2d', image, L.globalMaxPooling2d({})),
  stack('globalAveragePooling1d', [7, 3], L.globalAveragePooling1d({})),
];

const plain = [
  stack('dense', [7], L.dense({ units: 5 })),
  stack('dense on sequences', [4, 7], L.dense({ units: 5, activation: 'relu' })),
  stack(
    'dense with penalties',
    [7],
    L.dense({ units: 5, kernelRegularizer: tf.regularizers.l1l2({ l1: 0.03, l2: 0.07 }), activation: 'sigmoid' }),
  ),
  stack('batchNormalization', [5], L.dense({ units: 6, useBias: false }), L.batchNormalization({ momentum: 0.7 })),
  stack('batchNormalization of images', image, L.batchNormalization({ momentum: 0.7 }), L.reLU()),
  stack('layerNormalization', [4, 7], L.layerNormalization()),
  stack('dropout', [9], L.dropout({ rate: 0.3 }), L.dense({ units: 4 }), L.dropout({ rate: 0.4 })),
  stack('gaussianNoise', [9], L.gaussianNoise({ stddev: 0.3 }), L.dense({ units: 4 })),
  stack('alphaDropout', [9], L.alphaDropout({ rate: 0.3 }), L.dense({ units: 4 })),
  stack('spatial dropout by noise shape', [5, 4], L.dropout({ rate: 0.4, noiseShape: [3, 1, 4] })),
  stack(
    'reshape, permute, flatten',
    [4, 6],
    L.reshape({ targetShape: [2, 4, 3] }),
    L.permute({ dims: [3, 1, 2] }),
    L.flatten(),
  ),
  stack(
    'zeroPadding2d',
    image,
    L.zeroPadding2d({
      padding: [
        [1, 2],
        [0, 3],
      ],
    }),
    L.conv2d({ filters: 2, kernelSize: 3 }),
  ),
  stack(
    'cropping2d',
    image,
    L.cropping2D({
      cropping: [
        [1, 2],
        [1, 0],
      ],
    }),
  ),
  stack('repeatVector', [5], L.repeatVector({ n: 3 })),
  stack('prelu', [7], L.prelu({ alphaInitializer: 'randomNormal' })),
  stack('leakyReLU', [7], L.leakyReLU({ alpha: 0.13 })),
];

/** All but gelu_new, which tfjs cannot read back from a model's JSON. */
const activations = (
  [
    'elu',
    'hardSigmoid',
    'linear',
    'relu',
    'relu6',
    'selu',
    'sigmoid',
    'softmax',
    'softplus',
    'softsign',
    'tanh',
    'swish',
    'mish',
    'gelu',
  ] as const
).map((activation) =>
  stack(`activation ${activation}`, [7], L.dense({ units: 5 }), L.activation({ activation: activation })),
);

const recurrent = [
  stack('simpleRNN', [4, 3], L.simpleRNN({ units: 5 })),
  stack('lstm', [4, 3], L.lstm({ units: 5, returnSequences: true })),
  stack('lstm with dropout', [4, 3], L.lstm({ units: 5, dropout: 0.3, recurrentDropout: 0.2 })),
  stack('gru', [4, 3], L.gru({ units: 5 })),
  stack('bidirectional', [4, 3], L.bidirectional({ layer: L.gru({ units: 3 }), mergeMode: 'concat' })),
];

/** The cpu backend reads its gradient from the wrong image of a batch. */
const enlargements = [
  stack('upSampling2d', [3, 4, 2], L.upSampling2d({ size: [2, 3] })),
  stack('upSampling2d, bilinear', [3, 4, 2], L.upSampling2d({ size: [2, 3], interpolation: 'bilinear' })),
].map((test): EngineCase => ({ ...test, oracle: 'wasm' }));

/** Several inputs, joined. */
function merge(name: string, join: () => tf.layers.Layer): EngineCase {
  return {
    name,
    model: () => {
      const inputs = [tf.input({ shape: [5] }), tf.input({ shape: [5] })];
      const left = L.dense({ units: 4, activation: 'tanh' }).apply(inputs[0] as tf.SymbolicTensor);
      const right = L.dense({ units: 4 }).apply(inputs[1] as tf.SymbolicTensor);
      const joined = join().apply([left, right] as tf.SymbolicTensor[]);
      return tf.model({ inputs, outputs: [joined as tf.SymbolicTensor, left as tf.SymbolicTensor] });
    },
  };
}

const merges = [
  merge('add', () => L.add()),
  merge('concatenate', () => L.concatenate()),
  merge('multiply', () => L.multiply()),
  merge('maximum', () => L.maximum()),
  merge('average', () => L.average()),
  merge('dot', () => L.dot({ axes: 1 })),
];

/** Self-attention with two heads, written as a user would: a layer of their own with einsum. */
class SelfAttention extends tf.layers.Layer {
  static className = 'ConformanceSelfAttention';
  private kernels: tf.LayerVariable[] = [];

  override build([, , width]: tf.Shape): void {
    const shape = [width ?? 1, 2, 3];
    this.kernels = ['query', 'key', 'value'].map((name) =>
      this.addWeight(name, shape, 'float32', tf.initializers.glorotUniform({})),
    );
    this.built = true;
  }

  override computeOutputShape([batch = null, length = null]: tf.Shape): tf.Shape {
    return [batch, length, 6];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
      const [query, key, value] = this.kernels.map((kernel) => tf.einsum('btd,dhk->bhtk', x, kernel.read()));
      const scores = tf.matMul(query as tf.Tensor, key as tf.Tensor, false, true).div(Math.sqrt(3));
      const mixed = tf.matMul(tf.softmax(scores), value as tf.Tensor);
      return mixed.transpose([0, 2, 1, 3]).reshape([-1, x.shape[1] ?? 1, 6]);
    });
  }
}
tf.serialization.registerClass(SelfAttention);

const attention = stack('self-attention', [5, 7], new SelfAttention({}), L.layerNormalization(), L.dense({ units: 3 }));

const embeddings: EngineCase[] = [
  {
    name: 'embedding',
    vocabulary: 11,
    model: () => sequence([6], [L.embedding({ inputDim: 11, outputDim: 4 }), L.flatten(), L.dense({ units: 3 })]),
  },
];

export const engineCases: readonly EngineCase[] = [
  ...plain,
  ...convolutions,
  ...pools,
  ...enlargements,
  ...activations,
  ...recurrent,
  ...merges,
  attention,
  ...embeddings,
];

/** Huber's loss, written by a user. */
const huber = ([labels]: tf.Tensor[], [outputs]: tf.Tensor[]): tf.Scalar =>
  tf.losses.huberLoss(labels as tf.Tensor, outputs as tf.Tensor, undefined, 0.7);

export const lossCases: readonly LossCase[] = [
  { name: 'softmaxCrossEntropy', loss: 'softmaxCrossEntropy', units: 5, labels: { shape: [], classes: 5 } },
  { name: 'sigmoidCrossEntropy', loss: 'sigmoidCrossEntropy', units: 1, labels: { shape: [], classes: 2 } },
  { name: 'meanSquaredError', loss: 'meanSquaredError', units: 3, labels: { shape: [3] } },
  { name: 'one of the user', loss: huber, units: 3, labels: { shape: [3] } },
];
