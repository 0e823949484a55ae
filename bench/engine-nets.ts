import * as tf from '@tensorflow/tfjs';

/** The networks that engines are timed on. `engine-torch.py` builds the same. */
export interface BenchNet {
  readonly name: string;
  readonly title: string;
  /** One sample; labels are ten classes. */
  readonly inputShape: readonly number[];
  readonly model: () => tf.LayersModel;
  /** Where the split benchmark cuts, as the PyTorch peer does; none for what it does not time. */
  readonly cut?: string;
}

const { conv2d, maxPooling2d, flatten, dense, add, layerNormalization, globalAveragePooling1d } = tf.layers;
const image = [28, 28, 1];
const tokens = [32, 64];

/** Self-attention with four heads and its output projection. */
class BenchAttention extends tf.layers.Layer {
  static className = 'BenchAttention';
  private kernels: tf.LayerVariable[] = [];

  override build([, , width]: tf.Shape): void {
    this.kernels = ['query', 'key', 'value', 'output'].map((name) =>
      this.addWeight(name, [width ?? 1, width ?? 1], 'float32', tf.initializers.glorotUniform({})),
    );
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor3D;
      const [batch, length, width] = x.shape;
      const rows = x.reshape<tf.Tensor2D>([-1, width]);
      const project = (tensor: tf.Tensor2D, i: number) => tf.matMul(tensor, this.kernels[i]?.read() as tf.Tensor2D);
      const heads = [0, 1, 2].map((i) => project(rows, i).reshape([batch, length, 4, -1]).transpose([0, 2, 1, 3]));
      const [query, key, value] = heads as [tf.Tensor, tf.Tensor, tf.Tensor];
      const shares = tf.softmax(tf.matMul(query, key, false, true).div(Math.sqrt(width / 4)));
      const mixed = tf.matMul(shares, value).transpose([0, 2, 1, 3]).reshape<tf.Tensor2D>([-1, width]);
      return project(mixed, 3).reshape([batch, length, width]);
    });
  }
}
tf.serialization.registerClass(BenchAttention);

function transformer(): tf.LayersModel {
  const input = tf.input({ shape: tokens });
  const apply = (layer: tf.layers.Layer, to: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
    layer.apply(to) as tf.SymbolicTensor;
  const attended = apply(layerNormalization(), apply(add(), [input, apply(new BenchAttention({}), input)]));
  const hidden = apply(dense({ units: 256, activation: 'relu' }), attended);
  const block = apply(layerNormalization(), apply(add(), [attended, apply(dense({ units: 64 }), hidden)]));
  return tf.model({ inputs: input, outputs: apply(dense({ units: 10 }), apply(globalAveragePooling1d({}), block)) });
}

export const benchNets: readonly BenchNet[] = [
  {
    name: 'lenet',
    cut: 'flatten',
    title: 'LeNet-5',
    inputShape: image,
    model: () =>
      tf.sequential({
        layers: [
          conv2d({ filters: 6, kernelSize: 5, padding: 'same', activation: 'relu', inputShape: image }),
          maxPooling2d({ poolSize: 2 }),
          conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }),
          maxPooling2d({ poolSize: 2 }),
          flatten({ name: 'flatten' }),
          dense({ units: 120, activation: 'relu' }),
          dense({ units: 84, activation: 'relu' }),
          dense({ units: 10 }),
        ],
      }),
  },
  {
    name: 'mlp',
    cut: 'hidden2',
    title: 'MLP 784-256-128-10',
    inputShape: image,
    model: () =>
      tf.sequential({
        layers: [
          flatten({ inputShape: image }),
          dense({ units: 256, activation: 'relu' }),
          dense({ name: 'hidden2', units: 128, activation: 'relu' }),
          dense({ units: 10 }),
        ],
      }),
  },
  {
    name: 'cnn',
    cut: 'pool1',
    title: 'CNN 32-64-128',
    inputShape: image,
    model: () =>
      tf.sequential({
        layers: [
          conv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: image }),
          maxPooling2d({ name: 'pool1', poolSize: 2 }),
          conv2d({ filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' }),
          maxPooling2d({ poolSize: 2 }),
          flatten(),
          dense({ units: 128, activation: 'relu' }),
          dense({ units: 10 }),
        ],
      }),
  },
  { name: 'transformer', title: 'transformer block', inputShape: tokens, model: transformer },
];
