import type { NdArray } from '../../ndarray.js';
import { TandemError } from '../../errors.js';
import type { ForwardResult, Norms, Segment, SegmentBatch, SegmentOptions, SegmentState } from '../engine.js';
import { UntraceableError } from './lowerings/lowering.js';
import { OnnxSegment } from './onnx-segment.js';
import { loadRuntime, type OnnxRuntime } from './runtime.js';
import { segmentName, type SegmentReports } from './segment-reports.js';

/**
 * A compiled segment that moves to tfjs, or from WebGPU to wasm first, with its weights and optimizer, when a step cannot
 * be compiled. That shows at the first step or prediction of a shape, before anything of the step has changed.
 */
export class FallbackSegment implements Segment {
  readonly spec;
  private told = false;

  private constructor(
    private current: Segment,
    private runtime: OnnxRuntime,
    private readonly options: SegmentOptions,
    private readonly reports: SegmentReports,
  ) {
    this.spec = options.spec;
  }

  static async create(
    runtime: OnnxRuntime,
    options: SegmentOptions,
    reports: SegmentReports,
  ): Promise<FallbackSegment> {
    return new FallbackSegment(await OnnxSegment.create(runtime, options), runtime, options, reports);
  }

  /** How long forward and backward of the last step held the thread; undefined where the segment is not compiled. */
  get stepMs(): number | undefined {
    return this.current instanceof OnnxSegment ? this.current.stepMs : undefined;
  }

  async forward(batch: SegmentBatch, step: number): Promise<ForwardResult> {
    const result = await this.attempt((segment) => segment.forward(batch, step));
    if (!this.told && this.current instanceof OnnxSegment) this.reports.compiled(this.current.compileMs);
    this.told = true;
    return result;
  }

  norms(): Promise<Norms> {
    return this.current.norms();
  }

  predict(batch: SegmentBatch): Promise<ForwardResult> {
    return this.attempt((segment) => segment.predict(batch));
  }

  backward(outputGradients?: readonly NdArray[]): Promise<NdArray[]> {
    return this.current.backward(outputGradients);
  }

  update(): Promise<void> {
    return this.current.update();
  }

  gradients(): Promise<NdArray[]> {
    return this.current.gradients();
  }

  weights(): Promise<NdArray[]> {
    return this.current.weights();
  }

  setWeights(values: readonly NdArray[]): Promise<void> {
    return this.current.setWeights(values);
  }

  state(): Promise<SegmentState> {
    return this.current.state();
  }

  restore(state: SegmentState): Promise<void> {
    return this.current.restore(state);
  }

  dispose(): void {
    this.current.dispose();
  }

  private async attempt<T>(run: (segment: Segment) => Promise<T>): Promise<T> {
    const compiled = this.current;
    try {
      return await run(compiled);
    } catch (error) {
      if (error instanceof TandemError || !(compiled instanceof OnnxSegment)) throw error;
      return this.elsewhere(compiled, error, run);
    }
  }

  /** Tries again on wasm or tfjs. Where tfjs refuses the same batch, the batch is at fault, and the segment stays compiled. */
  private async elsewhere<T>(compiled: OnnxSegment, error: unknown, run: (segment: Segment) => Promise<T>): Promise<T> {
    const reason = error instanceof Error ? error.message : String(error);
    const untraceable = error instanceof UntraceableError;
    const why = untraceable ? `${reason} cannot be compiled` : `compiling it failed: ${reason.trim()}`;
    const toWasm = this.runtime.kind === 'webgpu' && !untraceable;
    const segment = toWasm ? await this.onWasm() : await this.onTfjs();
    await segment.restore(await compiled.state());
    // What wasm cannot compile either goes on to tfjs.
    const result = toWasm ? undefined : await this.tried(segment, run);
    this.reports.notice(`${segmentName(this.spec)} runs on ${toWasm ? 'wasm' : 'tfjs'}, more slowly: ${why}`);
    compiled.dispose();
    this.current = segment;
    return result ? result.value : this.attempt(run);
  }

  private async tried<T>(segment: Segment, run: (segment: Segment) => Promise<T>): Promise<{ readonly value: T }> {
    try {
      return { value: await run(segment) };
    } catch (error) {
      segment.dispose();
      throw error;
    }
  }

  private async onWasm(): Promise<Segment> {
    this.runtime = await loadRuntime({ kind: 'wasm', wasmFiles: this.runtime.wasmFiles });
    return OnnxSegment.create(this.runtime, this.options);
  }

  private async onTfjs(): Promise<Segment> {
    const { createTfjsEngine } = await import('../tfjs/tfjs-engine.js');
    const engine = await createTfjsEngine({ wasmFiles: this.runtime.wasmFiles });
    return engine.segment(this.options);
  }
}
