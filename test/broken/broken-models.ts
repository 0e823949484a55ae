import * as tf from '@tensorflow/tfjs';
import { pick, type Fault, type Sound } from './broken.js';

const L = tf.layers;
const first = (inputs: tf.Tensor | tf.Tensor[]) => [inputs].flat()[0] as tf.Tensor;
type Call = (inputs: tf.Tensor | tf.Tensor[]) => unknown;

/** A layer that does what its setting says; in the models it is called `odd`. */
class Odd extends L.Layer {
  static className = 'BrokenOdd';
  static readonly calls = new Map<string, Call>();
  private readonly what: string;

  constructor(config: { what?: string; name?: string } = {}) {
    super(config);
    this.what = config.what ?? '';
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return Odd.calls.get(this.what)?.(inputs) as tf.Tensor;
  }

  override getConfig() {
    return { ...super.getConfig(), what: this.what };
  }
}
tf.serialization.registerClass(Odd);

/** Is known to this process's tfjs under no name. */
class Unregistered extends L.Layer {
  static className = 'BrokenUnregistered';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return first(inputs);
  }
}

/** Adds what it was made with, and writes that down nowhere. */
class Forgetful extends L.Layer {
  static className = 'BrokenForgetful';
  private readonly by: number;

  constructor(config: { by?: number; name?: string } = {}) {
    super(config);
    this.by = config.by ?? 0;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.add(first(inputs), this.by);
  }
}
tf.serialization.registerClass(Forgetful);

/** Throws where it makes its weights. */
class Unbuilt extends L.Layer {
  static className = 'BrokenUnbuilt';

  override build(): void {
    throw new Error('no weights today');
  }
}
tf.serialization.registerClass(Unbuilt);

let made = 0;

function oddCall(call: Call): () => tf.layers.Layer {
  const what = `call ${made++}`;
  Odd.calls.set(what, call);
  return () => new Odd({ what, name: 'odd' });
}

/** The sound model with a layer in it, below or above the cut. */
function holding(rng: Parameters<Fault>[0], { below, middle, logits }: Sound, layer: () => tf.layers.Layer) {
  const isBelow = rng.float() < 0.5;
  const layers = () => (isBelow ? [below(), layer(), middle(), logits()] : [below(), middle(), layer(), logits()]);
  return { model: () => tf.sequential({ layers: layers() }), cut: isBelow ? 'odd' : 'below' };
}

const withLayer =
  (says: RegExp, ...layers: readonly (() => tf.layers.Layer)[]): Fault =>
  (rng, sound) => ({ task: holding(rng, sound, pick(rng, ...layers)), says });

/** An image or a sequence is made of the features, then comes the layer. */
const reshaped =
  (shape: number[], says: RegExp, ...layers: readonly (() => tf.layers.Layer)[]): Fault =>
  (rng, { below, logits }) => {
    const layer = pick<() => tf.layers.Layer>(rng, ...layers);
    const size = shape.reduce((product, length) => product * length, 1);
    const model = () =>
      tf.sequential({
        layers: [
          below(),
          L.dense({ name: 'wide', units: size }),
          L.reshape({ name: 'shaped', targetShape: shape }),
          layer(),
          L.flatten({ name: 'flat' }),
          logits(),
        ],
      });
    return { task: { model, cut: pick(rng, 'wide', 'shaped', 'below') }, says };
  };

const layersOf = (...layers: tf.layers.Layer[]) => tf.sequential({ layers });

/** Models that cannot be built, cut or trained. */
export const brokenModels: Readonly<Record<string, Fault>> = {
  'a model without layers': () => ({ task: { model: () => tf.sequential() }, says: /model of task 'sound'/ }),
  'a model without a shape': (_, { logits }) => ({
    task: { model: () => layersOf(L.dense({ name: 'below', units: 3 }), logits()) },
    says: /model of task 'sound'.*input/,
  }),
  'a layer of no units': (rng, { below, logits }) => {
    const units = pick<number>(rng, 0, -3, NaN);
    return {
      task: { model: () => layersOf(below(), L.dense({ name: 'odd', units }), logits()) },
      says: /odd|units|model of task 'sound'/,
    };
  },
  'a layer larger than memory': (_, { below, logits }) => ({
    task: {
      model: () =>
        layersOf(
          below(),
          L.dense({ name: 'odd', units: 1e5, kernelInitializer: 'zeros' }),
          L.dense({ name: 'more', units: 1e7 }),
          logits(),
        ),
    },
    says: /model of task 'sound'/,
  }),
  'two layers of one name': (_, { below }) => ({
    task: { model: () => layersOf(below(), L.dense({ name: 'below', units: 2 })) },
    says: /below/,
  }),
  'a causal convolution': reshaped([6, 2], /'odd' \(Conv1D\)/, () =>
    L.conv1d({ name: 'odd', filters: 2, kernelSize: 3, padding: 'causal' }),
  ),
  'a window larger than the image': reshaped(
    [4, 4, 1],
    /'odd'|'flat'|model of task/,
    () => L.conv2d({ name: 'odd', filters: 2, kernelSize: 6 }),
    () => L.maxPooling2d({ name: 'odd', poolSize: 7 }),
    () =>
      L.cropping2D({
        name: 'odd',
        cropping: [
          [3, 3],
          [1, 1],
        ],
      }),
  ),
  'a shape that does not hold the numbers': (_, { below, logits, units }) => ({
    task: { model: () => layersOf(below(), L.reshape({ name: 'odd', targetShape: [units + 1] }), logits()) },
    says: /model of task 'sound'|'odd'/,
  }),
  'a constraint on weights': withLayer(
    /'odd' \(Dense\) has a constraint/,
    () => L.dense({ name: 'odd', units: 3, kernelConstraint: 'nonNeg' }),
    () => L.dense({ name: 'odd', units: 3, biasConstraint: 'maxNorm' }),
  ),
  'a layer of no class that is known': withLayer(/BrokenUnregistered/, () => new Unregistered({ name: 'odd' })),
  'a setting that is not written down': withLayer(
    /'odd' \(BrokenForgetful\)/,
    () => new Forgetful({ name: 'odd', by: 3 }),
  ),
  'a layer that throws when built': withLayer(/no weights today/, () => new Unbuilt({ name: 'odd' })),
  'a layer that throws when called': withLayer(
    /'odd' \(BrokenOdd\).*(no tensors today|undefined)/,
    oddCall(() => {
      throw new Error('no tensors today');
    }),
    oddCall((inputs) => (inputs as unknown as { missing: { field: tf.Tensor } }).missing.field),
  ),
  'a layer that answers no tensor': withLayer(
    /'odd'/,
    oddCall(() => undefined),
    oddCall(() => 5),
    oddCall(() => null),
    oddCall(() => 'x'),
    oddCall(() => ({})),
  ),
  'a layer that waits': withLayer(
    /'odd'/,
    oddCall(async (inputs) => first(inputs)),
    oddCall(async () => Promise.reject(new Error('late'))),
  ),
  'a layer that answers another shape': withLayer(
    /'odd'|'middle'|'logits'/,
    oddCall((inputs) => tf.concat([first(inputs), first(inputs)], 1)),
    oddCall((inputs) => tf.sum(first(inputs))),
    oddCall((inputs) => tf.expandDims(first(inputs), 0)),
  ),
  'a layer that answers fewer samples': withLayer(
    /'odd'|samples|rows|shape/i,
    oddCall((inputs) => tf.slice(first(inputs), [0, 0], [1, -1])),
  ),
  'a layer without a gradient': withLayer(
    /'odd' \(BrokenOdd\)/,
    oddCall((inputs) => tf.cast(tf.topk(first(inputs), first(inputs).shape[1] ?? 1).indices, 'float32')),
    oddCall((inputs) => tf.topk(first(inputs), first(inputs).shape[1] ?? 1).values.cumprod(1)),
  ),
  'whole numbers at the cut': (rng, { below, middle, logits }) => {
    const layer = oddCall((inputs) => tf.cast(tf.mul(first(inputs), pick<number>(rng, 1, 9)), 'int32'));
    return {
      task: { model: () => layersOf(below(), layer(), middle(), logits()), cut: 'odd' },
      says: /'odd' returns int32/,
    };
  },
  'a layer that answers booleans': withLayer(
    /'odd'|bool/,
    oddCall((inputs) => tf.greater(first(inputs), 0)),
  ),
  'a layer that answers NaN': withLayer(
    /NaN/,
    oddCall((inputs) => tf.mul(first(inputs), NaN)),
  ),
  'a layer that reads its input': withLayer(
    /'odd'/,
    oddCall(async (inputs) => tf.tensor(await first(inputs).array())),
  ),
  'an input of text': (rng, { features, logits }) => {
    const dtype = pick<string>(rng, 'string', 'bool', 'complex64') as 'bool';
    const model = () => {
      const x = tf.input({ shape: [features], dtype, name: 'odd' });
      const below = L.dense({ name: 'below', units: 3 }).apply(x) as tf.SymbolicTensor;
      return tf.model({ inputs: x, outputs: logits().apply(below) as tf.SymbolicTensor });
    };
    return { task: { model }, says: /dtype/ };
  },
  'a raw input that crosses': (_, { features, logits }) => {
    const model = () => {
      const x = tf.input({ shape: [features], name: 'odd' });
      const below = L.dense({ name: 'below', units: features }).apply(x) as tf.SymbolicTensor;
      return tf.model({
        inputs: x,
        outputs: logits().apply(L.add({ name: 'sum' }).apply([x, below])) as tf.SymbolicTensor,
      });
    };
    return { task: { model }, says: /raw input 'odd'/ };
  },
  'a layer with weights on both sides': (_, { features, logits }) => {
    const model = () => {
      const x = tf.input({ shape: [features], name: 'x' });
      const twice = L.dense({ name: 'odd', units: features });
      const below = L.activation({ name: 'below', activation: 'tanh' }).apply(twice.apply(x)) as tf.SymbolicTensor;
      return tf.model({ inputs: x, outputs: logits().apply(twice.apply(below)) as tf.SymbolicTensor });
    };
    return { task: { model }, says: /'odd' has weights and is used both/ };
  },
  'a mask that is lost': (_, { features, logits }) => {
    const model = () =>
      layersOf(
        L.dense({ name: 'wide', units: 6, inputShape: [features] }),
        L.reshape({ name: 'shaped', targetShape: [3, 2] }),
        L.masking({ name: 'below' }),
        L.gru({ name: 'read', units: 3 }),
        logits(),
      );
    return { task: { model }, says: /mask.*'below'/ };
  },
  'weights that are not finite': (rng, { task }) => {
    const [name, value] = [pick<string>(rng, 'below', 'logits'), pick<number>(rng, NaN, Infinity)];
    const model = () => {
      const given = task.model() as tf.LayersModel;
      const layer = given.getLayer(name);
      layer.setWeights(layer.getWeights().map((weight) => tf.fill(weight.shape, value)));
      return given;
    };
    return { task: { model }, says: /weight (below|logits).\d of the model holds (NaN|Infinity)/ };
  },
  'two outputs for one loss': (_, { features, logits }) => {
    const model = () => {
      const x = tf.input({ shape: [features], name: 'x' });
      const below = L.dense({ name: 'below', units: 4 }).apply(x) as tf.SymbolicTensor;
      const outputs = [logits(), L.dense({ name: 'more', units: 2 })].map(
        (layer) => layer.apply(below) as tf.SymbolicTensor,
      );
      return tf.model({ inputs: x, outputs });
    };
    return { task: { model }, says: /2 outputs/ };
  },
  'a batch of one size only': (_, { features, logits }) => ({
    task: {
      model: () =>
        layersOf(
          L.reshape({ name: 'steps', targetShape: [features, 1], batchInputShape: [3, features] }),
          L.gru({ name: 'below', units: 3, stateful: true }),
          logits(),
        ),
    },
    says: /segment 1 of 2 refuses this batch.*below/,
  }),
  'an output that no gradient reaches': (_, { below, logits }) => ({
    task: { model: () => layersOf(below(), L.reshape({ name: 'odd', targetShape: [0] }), logits()) },
    says: /model of task 'sound'|'odd'/,
  }),
  'a recurrent layer without steps': reshaped([0, 4], /model of task|'odd'|'shaped'/, () =>
    L.gru({ name: 'odd', units: 2, returnSequences: true }),
  ),
};
