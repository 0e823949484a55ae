import * as tf from '#tfjs';
import { TandemError } from '../../errors.js';
import { ndarray, normOf, zeros, type NdArray } from '../../ndarray.js';
import { openModel } from '../../model/open-model.js';
import { lossFunction, type LossFunction } from '../../model/loss.js';
import { fromTensor, toTensor, writeVariables } from '../../model/weights.js';
import type { ForwardResult, Norms, Segment, SegmentBatch, SegmentOptions, SegmentState } from '../engine.js';
import { firstLine, LayerError } from '../layer-error.js';
import { ProximalTerm } from '../proximal.js';
import { segmentVariables } from '../segment-variables.js';
import { registerTileGradient } from './kernels/tile-gradient.js';
import { readMemory, writeMemory } from './layer-memory.js';
import { patchLayers } from './patch-layers.js';
import { RandomSource, seedLayers } from './random-layers.js';
import { backpropagate, freeTape, record, type Tape } from './tape.js';
import { updateRule } from './optimizers.js';

/** What forward leaves for backward. */
interface Pending {
  readonly tape: Tape;
  readonly inputs: tf.Tensor[];
  readonly labels: tf.Tensor[];
  readonly outputs: tf.Tensor[];
  /** The loss and penalties, together; null where the segment has neither. */
  readonly objective: tf.Tensor | null;
}

/** A segment on tfjs's own kernels, on whichever tfjs backend is set. */
export class TfjsSegment implements Segment {
  readonly spec;
  private readonly random: RandomSource;
  private readonly loss: LossFunction | undefined;
  private readonly rule;
  private readonly trainable: tf.Variable[];
  private readonly averages: tf.Variable[];
  /** All weights in the order of the spec. */
  private readonly variables: readonly tf.Variable[];
  private readonly shares: readonly tf.Variable[];
  private readonly wantsInputGradients: boolean;
  private readonly proximal: ProximalTerm | undefined;
  private slots: tf.Tensor[][];
  private updates = 0;
  private pending: Pending | undefined;
  private weightGradients: (tf.Tensor | null)[] | undefined;

  private constructor(
    private readonly model: tf.LayersModel,
    options: SegmentOptions,
  ) {
    this.spec = options.spec;
    this.random = new RandomSource(options.seed, options.stream, options.spec.usesBelow);
    this.loss = options.loss === undefined ? undefined : lossFunction(options.loss);
    this.rule = updateRule(options.optimizer);
    const { optimizer, spec } = options;
    this.proximal = optimizer.proximal === undefined ? undefined : new ProximalTerm(optimizer.proximal, spec.weights);
    this.wantsInputGradients = options.inputGradients ?? options.spec.index > 0;
    patchLayers(model);
    seedLayers(model, this.random);
    const { weights, constants, shares } = segmentVariables(model, spec);
    const values = (spec.constants ?? []).map(({ value }) => value);
    writeVariables(constants, values);
    this.shares = shares;
    this.variables = weights;
    this.trainable = weights.filter((_, i) => spec.weights[i]?.trainable);
    this.averages = weights.filter((_, i) => !spec.weights[i]?.trainable);
    this.slots = this.trainable.map(() => []);
  }

  static async create(options: SegmentOptions): Promise<TfjsSegment> {
    registerTileGradient();
    const model = await openModel(options.spec);
    const segment = new TfjsSegment(model, options);
    await segment.setWeights(options.weights);
    return segment;
  }

  async forward({ inputs, labels }: SegmentBatch, step: number): Promise<ForwardResult> {
    this.forgetStep();
    this.random.begin(step);
    const x = inputs.map(toTensor);
    const y = (labels ?? []).map(toTensor);
    let objectives = 0;
    const tape = this.computing(() =>
      record(() => {
        const outputs = asList(this.model.apply(only(x), { training: true }));
        const terms = labels && this.loss ? [this.loss(y, outputs)] : [];
        // The order in which LayersModel.fit adds penalties to the loss.
        const objective = [...terms, ...this.model.calculateLosses()].reduce<tf.Tensor | null>(
          (sum, term) => (sum ? tf.add(sum, term) : term),
          null,
        );
        objectives = objective ? 1 : 0;
        return objective ? [...outputs, objective] : outputs;
      }),
    );
    const outputs = tape.outputs.slice(0, tape.outputs.length - objectives);
    const objective = objectives > 0 ? (tape.outputs.at(-1) ?? null) : null;
    this.pending = { tape, inputs: x, labels: y, outputs, objective };
    return result(outputs, labels && objective);
  }

  async backward(outputGradients?: readonly NdArray[]): Promise<NdArray[]> {
    const { pending } = this;
    if (!pending) throw new TandemError('BAD_STATE', 'backward was called without a forward before it', 'call forward');
    this.pending = undefined;
    const given = (outputGradients ?? []).map(toTensor);
    const one = tf.scalar(1);
    const seeds = given.map((gradient, i) => [pending.outputs[i], gradient] as const).filter(isPair);
    if (pending.objective) seeds.unshift([pending.objective, one]);
    const wanted = this.wantsInputGradients ? pending.inputs : [];
    let gradients: (tf.Tensor | null)[];
    try {
      gradients = backpropagate(pending.tape, seeds, [...this.trainable, ...wanted]);
    } finally {
      tf.dispose([given, one]);
      freePending(pending);
    }
    this.weightGradients = gradients.slice(0, this.trainable.length);
    const inputGradients = gradients.slice(this.trainable.length);
    const arrays = await Promise.all(
      inputGradients.map(async (gradient, i) =>
        gradient ? fromTensor(gradient) : zeros('float32', wanted[i]?.shape ?? []),
      ),
    );
    tf.dispose(inputGradients.filter((gradient) => gradient !== null));
    return arrays;
  }

  async update(): Promise<void> {
    const gradients = this.weightGradients;
    if (!gradients)
      throw new TandemError('BAD_STATE', 'update was called without a backward before it', 'call backward');
    this.trainable.forEach((weight, i) => {
      const gradient = gradients[i];
      if (!gradient) return;
      const old = this.slots[i] ?? [];
      this.slots[i] = tf.tidy(() => {
        const next = this.rule(weight, this.pulled(gradient, weight, i), old, this.updates);
        weight.assign(next.weight);
        return [...next.slots];
      });
      tf.dispose(old);
    });
    this.updates++;
    this.forgetGradients();
  }

  async gradients(): Promise<NdArray[]> {
    const gradients = this.weightGradients;
    if (!gradients) throw new TandemError('BAD_STATE', 'there are no gradients before backward', 'call backward');
    return Promise.all(
      gradients.map(async (gradient, i) =>
        gradient ? fromTensor(gradient) : zeros('float32', this.trainable[i]?.shape ?? []),
      ),
    );
  }

  async norms(): Promise<Norms> {
    const gradients = this.weightGradients;
    if (!gradients) throw new TandemError('BAD_STATE', 'there are no gradients before backward', 'call backward');
    const largest = async (tensors: readonly tf.Tensor[]) =>
      normOf(await Promise.all(tensors.map(async (tensor) => ({ data: await tensor.data() }))));
    const computed = gradients.filter((gradient) => gradient !== null);
    return { gradients: await largest(computed), averages: await largest(this.averages) };
  }

  async predict({ inputs, labels }: SegmentBatch): Promise<ForwardResult> {
    const tensors = this.computing(() =>
      tf.tidy(() => {
        const outputs = asList(this.model.apply(only(inputs.map(toTensor)), { training: false }));
        return labels && this.loss ? [...outputs, this.loss(labels.map(toTensor), outputs)] : outputs;
      }),
    );
    const loss = labels && this.loss ? (tensors.at(-1) ?? null) : null;
    const answer = await result(loss ? tensors.slice(0, -1) : tensors, loss);
    tf.dispose(tensors);
    return answer;
  }

  async weights(): Promise<NdArray[]> {
    return this.variables.map((variable) =>
      ndarray(variable.dtype as 'float32', variable.shape, variable.dataSync().slice()),
    );
  }

  async setWeights(values: readonly NdArray[]): Promise<void> {
    writeVariables(this.variables, values);
    this.proximal?.start(values);
  }

  async state(): Promise<SegmentState> {
    const read = async (slot: tf.Tensor) => (await slot.data()).slice() as Float32Array;
    const slots = await Promise.all(this.slots.map((list) => Promise.all(list.map(read))));
    const anchor = this.proximal ? { anchor: this.proximal.copy() } : {};
    const optimizer = { updates: this.updates, slots, ...anchor };
    return { weights: await this.weights(), optimizer, ...(await readMemory(this.model)) };
  }

  async restore({ weights, optimizer, memory }: SegmentState): Promise<void> {
    this.forgetStep();
    await this.setWeights(weights);
    if (optimizer.anchor) this.proximal?.restore(optimizer.anchor);
    tf.dispose(this.slots);
    this.slots = this.trainable.map((weight, i) =>
      (optimizer.slots[i] ?? []).map((slot) => tf.tensor(slot, weight.shape, 'float32')),
    );
    this.updates = optimizer.updates;
    if (memory) writeMemory(this.model, memory);
  }

  dispose(): void {
    this.forgetStep();
    tf.dispose(this.slots);
    tf.dispose([...this.shares]);
    this.model.dispose();
  }

  /** The gradient with the proximal term, if there is one. Inside a tidy. */
  private pulled(gradient: tf.Tensor, weight: tf.Tensor, index: number): tf.Tensor {
    if (!this.proximal) return gradient;
    const distance = tf.sub(weight, tf.tensor(this.proximal.anchor(index), weight.shape, 'float32'));
    return tf.add(gradient, tf.mul(this.proximal.mu, distance));
  }

  /** The model was tried out before anybody joined, so what a layer refuses now is these values. */
  private computing<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof TandemError) throw error;
      const { index, of } = this.spec;
      const [who, why] =
        error instanceof LayerError ? [`layer ${error.layer} of `, error.reason] : ['', firstLine(error)];
      throw new TandemError(
        'BAD_VALUE',
        `${who}segment ${index + 1} of ${of} refuses this batch: ${why}`,
        'check the values of the data, and the size of the batch',
      );
    }
  }

  private forgetStep(): void {
    if (this.pending) freePending(this.pending);
    this.pending = undefined;
    this.forgetGradients();
  }

  private forgetGradients(): void {
    tf.dispose((this.weightGradients ?? []).filter((gradient) => gradient !== null));
    this.weightGradients = undefined;
  }
}

function freePending(pending: Pending): void {
  freeTape(pending.tape);
  tf.dispose([pending.inputs, pending.labels]);
}

async function result(outputs: readonly tf.Tensor[], loss: tf.Tensor | null | undefined): Promise<ForwardResult> {
  const arrays = await Promise.all(outputs.map(fromTensor));
  return loss ? { outputs: arrays, loss: (await loss.data())[0] ?? NaN } : { outputs: arrays };
}

function asList(value: tf.Tensor | tf.Tensor[] | tf.SymbolicTensor | tf.SymbolicTensor[]): tf.Tensor[] {
  return (Array.isArray(value) ? value : [value]) as tf.Tensor[];
}

/** tfjs layers take a lone tensor bare and several as a list. */
function only(tensors: tf.Tensor[]): tf.Tensor | tf.Tensor[] {
  return tensors.length === 1 && tensors[0] ? tensors[0] : tensors;
}

function isPair(pair: readonly [tf.Tensor | undefined, tf.Tensor]): pair is readonly [tf.Tensor, tf.Tensor] {
  return pair[0] !== undefined;
}
