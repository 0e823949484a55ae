import type { NdArray } from '../ndarray.js';
import type { Loss } from '../model/loss.js';
import type { SegmentSpec } from '../model/segment-spec.js';
import type { OptimizerSpec, OptimizerState } from './optimizer.js';

/** Runs segments. An engine owns its tensors: only typed arrays go in and come out. */
export interface Engine {
  /** `tfjs` or `onnx`. */
  readonly name: string;
  /** The name and what it runs on, for people: `tfjs (wasm)`. */
  readonly label: string;
  /** One line for people when something faster was tried and could not be used. */
  readonly notice: string | undefined;
  segment(options: SegmentOptions): Promise<Segment>;
}

/** What a segment is made of. */
export interface SegmentOptions {
  readonly spec: SegmentSpec;
  readonly weights: readonly NdArray[];
  readonly optimizer: OptimizerSpec;
  /** Only the segment that sees the labels has one. */
  readonly loss?: Loss;
  /** The run's seed; with `stream` and the step number it fixes dropout and every other random op. */
  readonly seed: number;
  /** Tells replicas of a segment apart: the client's index, 0 for a shared lane. */
  readonly stream: number;
  /**
   * The address of a module that registers layers the segment needs, and whose default export has the loss if that is a
   * function: what another thread imports, since neither can be sent there.
   */
  readonly source?: string;
  /** Whether backward returns the gradients of the inputs. By default every segment but the bottom does. */
  readonly inputGradients?: boolean;
}

/**
 * One part of a model with its own optimizer. A training step is forward, backward, update, in this order; forward runs
 * once and backward reuses what it kept. Arrays have the batch as their first dimension.
 */
export interface Segment {
  readonly spec: SegmentSpec;
  /** `step` counts the steps this replica has run and seeds its random ops. `labels` only where there is a loss. */
  forward(batch: SegmentBatch, step: number): Promise<ForwardResult>;
  /**
   * Returns the gradient of each input (zeros where nothing depends on it), or none where they were not asked for.
   * `outputGradients` is the cut gradient; leave it out where the segment has the loss. Throws BAD_STATE without a
   * forward before it.
   */
  backward(outputGradients?: readonly NdArray[]): Promise<NdArray[]>;
  /** Applies the optimizer to the gradients of the last backward. */
  update(): Promise<void>;
  /** Weight gradients of the last backward, in the order of the trainable weights. Before `update`. */
  gradients(): Promise<NdArray[]>;
  /** How long what the step has made is, after backward and before `update`. Throws BAD_STATE elsewhere. */
  norms(): Promise<Norms>;
  /** Inference mode: dropout off, batch normalisation by moving averages; with labels, the loss too. */
  predict(batch: SegmentBatch): Promise<ForwardResult>;
  weights(): Promise<NdArray[]>;
  setWeights(values: readonly NdArray[]): Promise<void>;
  state(): Promise<SegmentState>;
  restore(state: SegmentState): Promise<void>;
  /** Frees everything; the segment cannot be used afterwards. */
  dispose(): void;
}

/** Lengths as vectors; NaN or Infinity where a value is not finite, 0 where there are none. */
export interface Norms {
  /** Of the gradients of weights. */
  readonly gradients: number;
  /** Of the weights that a forward pass moves by itself, such as the averages of batch normalisation. */
  readonly averages: number;
}

export interface SegmentBatch {
  readonly inputs: readonly NdArray[];
  readonly labels?: readonly NdArray[];
}

export interface ForwardResult {
  readonly outputs: NdArray[];
  /** Mean over the batch plus this segment's own penalties; only where labels were given. */
  readonly loss?: number;
}

/** What stateful recurrent layers hold from one batch to the next, one list a layer. */
export type LayerMemory = readonly (readonly NdArray[])[];

/** Everything a segment must remember to go on bit for bit elsewhere. */
export interface SegmentState {
  readonly weights: readonly NdArray[];
  readonly optimizer: OptimizerState;
  /** Only where the segment has such layers. What a layer of a user's own keeps in itself is in no state. */
  readonly memory?: LayerMemory;
}

/** Whether a segment has recurrent layers that go on from batch to batch. */
export function hasMemory({ topology }: SegmentSpec): boolean {
  return topology.includes('"stateful":true');
}
