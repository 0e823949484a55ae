import type { Tensor } from 'onnxruntime-common';
import { TandemError } from '../../errors.js';
import { normOf, ndarray, zeros, type NdArray } from '../../ndarray.js';
import { hasMemory } from '../engine.js';
import type { ForwardResult, Norms, Segment, SegmentBatch, SegmentOptions, SegmentState } from '../engine.js';
import { RandomSource } from '../tfjs/random-layers.js';
import { tensorFor, type Feeds } from './compiled-graph.js';
import type { OnnxRuntime } from './runtime.js';
import { SegmentPlans, type TrainingPlan } from './segment-plans.js';
import { drawRandomInputs, type RandomInput } from './trace/random-inputs.js';
import { inputName, labelName, upstreamName, weightName } from './trace/trace-segment.js';
import { WeightStore } from './update/weight-store.js';

/** What forward leaves for backward: all that went into it and all that came out. */
interface Pending {
  readonly plan: TrainingPlan;
  readonly feeds: Feeds;
  readonly results: Feeds;
  readonly inputs: readonly NdArray[];
}

/** A segment whose training step is compiled to ONNX graphs, one set for each batch size it meets. */
export class OnnxSegment implements Segment {
  readonly spec;
  /** How long forward and backward of the last step held the thread. */
  stepMs = 0;
  private readonly random: RandomSource;
  private readonly store: WeightStore;
  private readonly weightTensors: (Tensor | undefined)[];
  private readonly constants: readonly Tensor[];
  private pending: Pending | undefined;
  /** Of layers that no graph can hold: kept for tfjs, which the segment goes on with at its next step. */
  private memory: SegmentState['memory'];
  private hasGradient: readonly boolean[] | undefined;

  private constructor(
    private readonly runtime: OnnxRuntime,
    private readonly options: SegmentOptions,
    store: WeightStore,
    private readonly plans: SegmentPlans,
    random: RandomSource,
  ) {
    this.spec = options.spec;
    this.random = random;
    this.store = store;
    this.weightTensors = options.spec.weights.map(() => undefined);
    this.constants = (options.spec.constants ?? []).map(({ value }) => this.tensor(value));
  }

  static async create(runtime: OnnxRuntime, options: SegmentOptions): Promise<OnnxSegment> {
    const store = new WeightStore(options.spec.weights, options.optimizer);
    store.setWeights(options.weights);
    const random = new RandomSource(options.seed, options.stream, options.spec.usesBelow);
    const plans = await SegmentPlans.create(runtime, options, store, random);
    return new OnnxSegment(runtime, options, store, plans, random);
  }

  /** Time spent tracing and compiling so far. */
  get compileMs(): number {
    return this.plans.compileMs;
  }

  async forward(batch: SegmentBatch, step: number): Promise<ForwardResult> {
    this.forgetStep();
    const plan = await this.plans.train(batch);
    const { traced } = plan;
    this.random.begin(step);
    const feeds = this.feeds(batch, traced.random);
    const results = await plan.forward.run(feeds);
    this.stepMs = plan.forward.runMs;
    for (const [index, name] of traced.updated) {
      this.store.replace(index, (results[name] as Tensor).data as Float32Array);
      this.weightTensors[index] = undefined;
    }
    this.pending = { plan, feeds, results, inputs: batch.inputs };
    return answer(results, traced);
  }

  async backward(outputGradients?: readonly NdArray[]): Promise<NdArray[]> {
    const { pending } = this;
    if (!pending) throw new TandemError('BAD_STATE', 'backward was called without a forward before it', 'call forward');
    const { plan, feeds, results, inputs } = pending;
    const { traced } = plan;
    if (traced.loss !== undefined && outputGradients) {
      throw new TandemError(
        'BAD_STATE',
        'the segment has the loss, so its backward takes no gradients of its outputs',
        'call backward without arguments, or forward without labels',
      );
    }
    this.pending = undefined;
    const outputs = plan.backward
      ? await plan.backward.run({ ...feeds, ...results, ...this.upstream(traced.outputs, results, outputGradients) })
      : results;
    this.stepMs += plan.backward?.runMs ?? 0;
    this.placeShared(traced.weightGradients, outputs);
    this.hasGradient = plan.hasGradient;
    return traced.inputGradients.map((name, i) =>
      name === undefined ? zeros('float32', inputs[i]?.shape ?? []) : arrayOf(outputs[name] as Tensor),
    );
  }

  async update(): Promise<void> {
    if (!this.hasGradient)
      throw new TandemError('BAD_STATE', 'update was called without a backward before it', 'call backward');
    this.store.update(this.hasGradient);
    this.hasGradient = undefined;
  }

  async gradients(): Promise<NdArray[]> {
    const { hasGradient } = this;
    if (!hasGradient) throw new TandemError('BAD_STATE', 'there are no gradients before backward', 'call backward');
    const trainable = this.spec.weights.filter((weight) => weight.trainable);
    return trainable.map(({ shape }, i) => {
      const values = this.store.gradients[i];
      return values && hasGradient[i] ? ndarray('float32', shape, values.slice()) : zeros('float32', shape);
    });
  }

  async norms(): Promise<Norms> {
    const { hasGradient, store, spec } = this;
    if (!hasGradient) throw new TandemError('BAD_STATE', 'there are no gradients before backward', 'call backward');
    const gradients = store.gradients.flatMap((data, i) => (data && hasGradient[i] ? [{ data }] : []));
    const averages = store.weights.filter((_, i) => !spec.weights[i]?.trainable);
    return { gradients: normOf(gradients), averages: normOf(averages) };
  }

  async predict(batch: SegmentBatch): Promise<ForwardResult> {
    const plan = await this.plans.infer(batch);
    return answer(await plan.graph.run(this.feeds(batch, plan.random)), plan);
  }

  async weights(): Promise<NdArray[]> {
    return this.store.copy();
  }

  async setWeights(values: readonly NdArray[]): Promise<void> {
    this.store.setWeights(values);
    this.weightTensors.fill(undefined);
  }

  async state(): Promise<SegmentState> {
    const memory = hasMemory(this.spec) ? { memory: this.memory ?? [] } : {};
    return { weights: this.store.copy(), optimizer: this.store.optimizerState(), ...memory };
  }

  async restore({ weights, optimizer, memory }: SegmentState): Promise<void> {
    this.forgetStep();
    await this.setWeights(weights);
    this.store.restoreOptimizer(optimizer);
    this.memory = memory;
  }

  dispose(): void {
    this.forgetStep();
    this.plans.dispose();
    this.store.free();
  }

  private feeds({ inputs, labels }: SegmentBatch, random: readonly RandomInput[]): Feeds {
    const feeds: Feeds = {};
    inputs.forEach((input, i) => (feeds[inputName(i)] = this.tensor(input)));
    if (this.options.loss !== undefined) labels?.forEach((label, i) => (feeds[labelName(i)] = this.tensor(label)));
    this.store.weights.forEach((weight, i) => {
      feeds[weightName(i)] = this.weightTensors[i] ??= this.tensor(weight);
    });
    this.constants.forEach((tensor, i) => (feeds[weightName(this.store.weights.length + i)] = tensor));
    const drawn = drawRandomInputs(random, this.random);
    for (const { name, shape } of random) {
      feeds[name] = tensorFor(this.runtime, { dtype: 'float32', shape }, drawn.get(name) as Float32Array);
    }
    return feeds;
  }

  private upstream(names: readonly string[], results: Feeds, given: readonly NdArray[] = []): Feeds {
    return Object.fromEntries(
      names.map((name, i) => [
        upstreamName(i),
        this.tensor(given[i] ?? zeros('float32', (results[name] as Tensor).dims)),
      ]),
    );
  }

  /** Where several weights have one value as their gradient, the runtime has written only the first. */
  private placeShared(names: readonly (string | undefined)[], outputs: Feeds): void {
    names.forEach((name, i) => {
      if (name === undefined || names.indexOf(name) === i) return;
      this.store.gradients[i]?.set((outputs[name] as Tensor).data as Float32Array);
    });
  }

  private tensor({ dtype, shape, data }: NdArray): Tensor {
    if (data instanceof Uint8Array) {
      return tensorFor(this.runtime, { dtype: 'int32', shape }, Int32Array.from(data));
    }
    return tensorFor(this.runtime, { dtype: dtype === 'float32' ? 'float32' : 'int32', shape }, data);
  }

  private forgetStep(): void {
    this.pending = undefined;
    this.hasGradient = undefined;
  }
}

function answer(results: Feeds, names: { outputs: readonly string[]; loss: string | undefined }): ForwardResult {
  const outputs = names.outputs.map((name) => arrayOf(results[name] as Tensor));
  if (names.loss === undefined) return { outputs };
  return { outputs, loss: Number((results[names.loss] as Tensor).data[0]) };
}

function arrayOf({ type, dims, data }: Tensor): NdArray {
  if (type === 'float32') return ndarray('float32', dims, data as Float32Array);
  if (type === 'int32') return ndarray('int32', dims, data as Int32Array);
  throw new TandemError('BAD_MODEL', `outputs of type ${type} are not supported`);
}
