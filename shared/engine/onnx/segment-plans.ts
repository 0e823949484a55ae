import { openModel } from '../../model/open-model.js';
import * as tf from '#tfjs';
import { lossFunction } from '../../model/loss.js';
import { TandemError } from '../../errors.js';
import type { NdArray } from '../../ndarray.js';
import type { SegmentBatch, SegmentOptions } from '../engine.js';
import { registerEinsumGradient } from '../tfjs/kernels/register.js';
import { registerTileGradient } from '../tfjs/kernels/tile-gradient.js';
import { patchLayers } from '../tfjs/patch-layers.js';
import { segmentVariables } from '../segment-variables.js';
import { seedLayers, type RandomSource } from '../tfjs/random-layers.js';
import { CompiledGraph } from './compiled-graph.js';
import type { OnnxType } from './graph/onnx-graph.js';
import { RecentPlans } from './recent-plans.js';
import type { OnnxRuntime } from './runtime.js';
import type { RandomInput } from './trace/random-inputs.js';
import {
  traceInference,
  traceTraining,
  type Signature,
  type TraceableModel,
  type TracedTraining,
} from './trace/trace-segment.js';
import type { WeightStore } from './update/weight-store.js';

export interface TrainingPlan {
  readonly traced: TracedTraining;
  readonly forward: CompiledGraph;
  /** Undefined where forward computes the gradients too. */
  readonly backward: CompiledGraph | undefined;
  readonly hasGradient: readonly boolean[];
}

export interface InferencePlan {
  readonly outputs: readonly string[];
  readonly loss: string | undefined;
  readonly random: readonly RandomInput[];
  readonly graph: CompiledGraph;
}

/** So many shapes of a segment are kept compiled; a data set with more of them has the rare ones compiled again. */
const MOST_SHAPES = 64;

/** A segment's compiled graphs, one set for each shape of batch it has met of late. */
export class SegmentPlans {
  private readonly training = new RecentPlans<TrainingPlan>(MOST_SHAPES, releaseTraining);
  private readonly inference = new RecentPlans<InferencePlan>(MOST_SHAPES, ({ graph }) => graph.release());
  /** Time spent tracing and compiling so far. */
  compileMs = 0;

  private constructor(
    private readonly runtime: OnnxRuntime,
    private readonly traceable: TraceableModel,
    private readonly store: WeightStore,
    private readonly shares: readonly tf.Variable[],
  ) {}

  static async create(
    runtime: OnnxRuntime,
    options: SegmentOptions,
    store: WeightStore,
    random: RandomSource,
  ): Promise<SegmentPlans> {
    registerEinsumGradient();
    registerTileGradient();
    const model = await openModel(options.spec);
    const { weights, constants, shares } = segmentVariables(model, options.spec);
    const traceable: TraceableModel = {
      model,
      variables: [...weights, ...constants],
      trainable: weights.filter((_, i) => options.spec.weights[i]?.trainable),
      loss: options.loss === undefined ? undefined : lossFunction(options.loss),
      wantsInputGradients: options.inputGradients ?? options.spec.index > 0,
      randomRecorder: undefined,
      random,
    };
    patchLayers(model);
    seedLayers(model, random, (source, layer, call) => {
      const { randomRecorder } = traceable;
      return randomRecorder ? randomRecorder.run(source, layer.name, call) : call();
    });
    return new SegmentPlans(runtime, traceable, store, shares);
  }

  train(batch: SegmentBatch): Promise<TrainingPlan> {
    return this.planned(this.training, batch, (signature) => this.compileTraining(signature));
  }

  infer(batch: SegmentBatch): Promise<InferencePlan> {
    return this.planned(this.inference, batch, async (signature) => {
      const { graph, ...traced } = traceInference(this.traceable, signature);
      return { ...traced, graph: await CompiledGraph.create(this.runtime, graph) };
    });
  }

  dispose(): void {
    this.training.dispose();
    this.inference.dispose();
    tf.dispose([...this.shares]);
    this.traceable.model.dispose();
  }

  private async compileTraining(signature: Signature): Promise<TrainingPlan> {
    const traced = traceTraining(this.traceable, signature);
    if (traced.updated.some(([index]) => index >= this.store.weights.length)) {
      throw new TandemError('BAD_MODEL', 'a layer of the model changes a weight that is frozen', 'do not freeze it');
    }
    const places = new Map<string, Float32Array>();
    traced.weightGradients.forEach((name, i) => {
      const place = this.store.gradients[i];
      // One value can be the gradient of two weights; the second is copied.
      if (name !== undefined && place && !places.has(name)) places.set(name, place);
    });
    const forward = await CompiledGraph.create(
      this.runtime,
      traced.graph,
      traced.backward ? undefined : places,
      traced.carried,
    );
    const backward = traced.backward && (await CompiledGraph.create(this.runtime, traced.backward, places));
    return { traced, forward, backward, hasGradient: traced.weightGradients.map((name) => name !== undefined) };
  }

  private planned<T>(
    plans: RecentPlans<T>,
    { inputs, labels }: SegmentBatch,
    compile: (signature: Signature) => Promise<T>,
  ): Promise<T> {
    const used = this.traceable.loss ? labels : undefined;
    const signature = { inputs: inputs.map(described), labels: used?.map(described) };
    return plans.get(JSON.stringify(signature), () => {
      const started = performance.now();
      return compile(signature).finally(() => (this.compileMs += performance.now() - started));
    });
  }
}

async function releaseTraining({ forward, backward }: TrainingPlan): Promise<void> {
  await Promise.all([forward.release(), backward?.release()]);
}

/** Bytes become int32, as on tfjs. */
function described({ dtype, shape }: NdArray): { dtype: OnnxType; shape: readonly number[] } {
  return { dtype: dtype === 'uint8' ? 'int32' : dtype, shape };
}
