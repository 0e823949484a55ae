import * as tf from '#tfjs';
import { patchLayers } from '../shared/engine/tfjs/patch-layers.js';
import { RandomSource, seedLayers } from '../shared/engine/tfjs/random-layers.js';
import { learningRateAfter } from '../shared/engine/learning-rate.js';
import type { OptimizerSpec } from '../shared/engine/optimizer.js';
import { TandemError } from '../shared/errors.js';
import type { Batch } from '../shared/data/dataset.js';
import { buildModel } from '../shared/model/build.js';
import { lossFunction } from '../shared/model/loss.js';
import { isTrained, weightsOf, type LayerVariable } from '../shared/model/layer-tree.js';
import { fromTensor, toTensor, weightKey } from '../shared/model/weights.js';
import type { NdArray } from '../shared/ndarray.js';
import { optimizerOf, type Task } from '../shared/task.js';

/** A weight or gradient with a name that is the same however the model is cut. */
export interface NamedArrays {
  readonly names: readonly string[];
  readonly values: readonly NdArray[];
}

/**
 * The oracle: the undivided model, trained by plain tfjs (`tf.variableGrads` and, where tfjs has it, its own optimizer),
 * with none of the code that trains segments. Only the random numbers of its layers are ours.
 */
export class UndividedModel {
  private readonly random: RandomSource;
  private readonly optimizer: tf.Optimizer;
  private readonly spec: OptimizerSpec;
  private updates = 0;

  private constructor(
    private readonly task: Task,
    private readonly model: tf.LayersModel,
    seed: number,
  ) {
    this.random = new RandomSource(seed, 0);
    patchLayers(this.model);
    seedLayers(this.model, this.random);
    this.spec = optimizerOf(task, 0);
    this.optimizer = plainOptimizer(this.spec);
  }

  static async create(task: Task, seed: number): Promise<UndividedModel> {
    return new UndividedModel(task, await buildModel(task, seed), seed);
  }

  /** One step of training; returns the gradients it applied. */
  async step({ inputs, labels }: Batch, step: number): Promise<NamedArrays> {
    this.random.begin(step);
    const loss = lossFunction(this.task.loss);
    const x = inputs.map(toTensor);
    const y = labels.map(toTensor);
    const trained = this.entries().filter(({ layer, weight }) => isTrained(layer, weight));
    const weights = trained.map(({ weight }) => weight.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(() => {
      const outputs = this.model.apply(x.length === 1 && x[0] ? x[0] : x, { training: true });
      const objective = loss(y, (Array.isArray(outputs) ? outputs : [outputs]) as tf.Tensor[]);
      return this.model.calculateLosses().reduce<tf.Scalar>((sum, penalty) => tf.add(sum, penalty), objective);
    }, weights);
    if (this.spec.schedule) setLearningRate(this.optimizer, learningRateAfter(this.updates, this.spec));
    this.optimizer.applyGradients(grads);
    this.updates++;
    const values = await Promise.all(weights.map((weight) => fromTensor(grads[weight.name] as tf.Tensor)));
    tf.dispose([value, grads, x, y]);
    return { names: trained.map(({ name }) => name), values };
  }

  async weights(): Promise<NamedArrays> {
    const all = this.entries();
    const values = await Promise.all(all.map(({ weight }) => fromTensor(weight.read())));
    return { names: all.map(({ name }) => name), values };
  }

  dispose(): void {
    this.model.dispose();
    this.optimizer.dispose();
  }

  private entries(): { readonly layer: tf.layers.Layer; readonly weight: LayerVariable; readonly name: string }[] {
    return this.model.layers.flatMap((layer) =>
      weightsOf(layer).map((weight, index) => ({ layer, weight, name: weightKey({ layer: layer.name, index }) })),
    );
  }
}

/** SGD and momentum have a setter; Adam and RMSprop read a field at each update. tfjs's instanceof takes one for the other. */
function setLearningRate(optimizer: tf.Optimizer, rate: number): void {
  if ('setLearningRate' in optimizer) (optimizer as tf.SGDOptimizer).setLearningRate(rate);
  else (optimizer as unknown as { learningRate: number }).learningRate = rate;
}

function plainOptimizer(spec: OptimizerSpec): tf.Optimizer {
  switch (spec.kind) {
    case 'sgd':
      return tf.train.sgd(spec.learningRate);
    case 'momentum':
      return tf.train.momentum(spec.learningRate, spec.momentum, spec.nesterov);
    case 'adam':
      return tf.train.adam(spec.learningRate, spec.beta1, spec.beta2, spec.epsilon);
    case 'rmsprop':
      return tf.train.rmsprop(spec.learningRate, spec.decay, spec.momentum, spec.epsilon);
    case 'adamw':
      throw new TandemError(
        'BAD_OPTION',
        'tfjs has no AdamW to compare with',
        'verify with sgd, momentum, adam or rmsprop',
      );
  }
}
