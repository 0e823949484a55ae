import { TandemError } from '../../errors.js';
import type { NdArray } from '../../ndarray.js';
import type { ForwardResult, Norms, Segment, SegmentBatch, SegmentOptions, SegmentState } from '../engine.js';
import type { OnnxRuntime } from './runtime.js';
import type { SegmentReports } from './segment-reports.js';
import { SegmentThread } from './segment-thread.js';
import { movable } from './thread-calls.js';

export interface WorkerSegmentOptions {
  /** Whether the process stays alive until the thread is ready. */
  readonly holds?: boolean;
  /** What the thread runs. */
  readonly entry?: URL;
}

/**
 * A segment that computes in a thread of its own, so that this one stays free meanwhile. Arrays that callers give are
 * copied to the thread, since they may use them again; answers change hands.
 */
export class WorkerSegment implements Segment {
  private constructor(
    readonly spec: SegmentOptions['spec'],
    private readonly thread: SegmentThread,
  ) {}

  /**
   * Throws what making the segment throws there: BAD_MODEL where a layer is registered only in this thread, BAD_OPTION
   * where the loss is a function and no `source` of the options has it.
   */
  static async start(
    runtime: OnnxRuntime['kind'],
    options: SegmentOptions,
    reports: SegmentReports,
    { holds = true, entry }: WorkerSegmentOptions = {},
  ): Promise<WorkerSegment> {
    const { loss, ...rest } = options;
    const ownLoss = typeof loss === 'function';
    if (ownLoss && options.source === undefined) {
      throw new TandemError(
        'BAD_OPTION',
        'a loss of your own cannot be sent to another thread',
        'use a named loss, or give the task as a file',
      );
    }
    const thread = await SegmentThread.start(reports, entry);
    try {
      await thread.call('create', [runtime, ownLoss ? rest : options, ownLoss], { holds });
    } catch (error) {
      thread.close();
      throw error;
    }
    return new WorkerSegment(options.spec, thread);
  }

  forward(batch: SegmentBatch, step: number): Promise<ForwardResult> {
    return this.thread.call('forward', [batch, step]);
  }

  backward(outputGradients?: readonly NdArray[]): Promise<NdArray[]> {
    return this.thread.call('backward', [outputGradients]);
  }

  update(): Promise<void> {
    return this.thread.call('update', []);
  }

  gradients(): Promise<NdArray[]> {
    return this.thread.call('gradients', []);
  }

  norms(): Promise<Norms> {
    return this.thread.call('norms', []);
  }

  predict(batch: SegmentBatch): Promise<ForwardResult> {
    return this.thread.call('predict', [batch]);
  }

  weights(): Promise<NdArray[]> {
    return this.thread.call('weights', []);
  }

  setWeights(values: readonly NdArray[]): Promise<void> {
    return this.thread.call('setWeights', [values]);
  }

  state(): Promise<SegmentState> {
    return this.thread.call('state', []);
  }

  restore(state: SegmentState): Promise<void> {
    return this.thread.call('restore', [state]);
  }

  /** Restores from a state that nobody else holds: its arrays change hands. */
  takeOver(state: SegmentState): Promise<void> {
    return this.thread.call('restore', [state], { transfer: movable(state) });
  }

  dispose(): void {
    this.thread.close();
  }
}
