import type { NdArray } from '../../ndarray.js';
import type { ForwardResult, Norms, Segment, SegmentBatch, SegmentOptions, SegmentState } from '../engine.js';
import { FallbackSegment } from './fallback-segment.js';
import type { OnnxRuntime } from './runtime.js';
import { stayNotice, type SegmentReports } from './segment-reports.js';
import type { WorkerSegment } from './worker-segment.js';

/** From here on a step is worth the way to another thread and back: other segments of this process wait for it. */
const HEAVY_STEP_MS = 4;
/** The same for a segment that has the process to itself: nobody waits but heartbeats and sockets, which have time. */
const HEAVY_ALONE_MS = 25;
/** The first steps are slower: memory is reserved, code is optimised. */
const WARM_UP_STEPS = 3;
const TIMED_STEPS = 5;

let living = 0;

/**
 * A segment that starts in this thread and, when its first steps turn out to be heavy, goes on in a thread of its own.
 * It moves between two steps, with its whole state, so no result changes by a bit. Until the thread is ready it
 * computes here.
 */
export class MovingSegment implements Segment {
  readonly spec;
  private current: Segment;
  private times: number[] | undefined = [];
  private ready: WorkerSegment | undefined;
  private moving: Promise<void> | undefined;
  private calls = 0;
  private disposed = false;

  private constructor(
    private readonly home: FallbackSegment,
    private readonly runtime: OnnxRuntime,
    private readonly options: SegmentOptions,
    private readonly reports: SegmentReports,
    private readonly heavyMs: number | undefined,
  ) {
    living++;
    this.spec = options.spec;
    this.current = home;
  }

  static async create(
    runtime: OnnxRuntime,
    options: SegmentOptions,
    reports: SegmentReports,
    heavyMs?: number,
  ): Promise<MovingSegment> {
    const home = await FallbackSegment.create(runtime, options, reports);
    return new MovingSegment(home, runtime, options, reports, heavyMs);
  }

  /** Whether it computes in a thread of its own by now. */
  get moved(): boolean {
    return this.current !== this.home;
  }

  forward(batch: SegmentBatch, step: number): Promise<ForwardResult> {
    // A step begins: nothing of the last one is needed any more but the state.
    if (this.ready && this.calls === 0) {
      this.moving = this.move(this.ready);
      this.ready = undefined;
    }
    return this.call((segment) => segment.forward(batch, step));
  }

  backward(outputGradients?: readonly NdArray[]): Promise<NdArray[]> {
    return this.call(async (segment) => {
      const gradients = await segment.backward(outputGradients);
      this.time();
      return gradients;
    });
  }

  update(): Promise<void> {
    return this.call((segment) => segment.update());
  }

  gradients(): Promise<NdArray[]> {
    return this.call((segment) => segment.gradients());
  }

  norms(): Promise<Norms> {
    return this.call((segment) => segment.norms());
  }

  predict(batch: SegmentBatch): Promise<ForwardResult> {
    return this.call((segment) => segment.predict(batch));
  }

  weights(): Promise<NdArray[]> {
    return this.call((segment) => segment.weights());
  }

  setWeights(values: readonly NdArray[]): Promise<void> {
    return this.call((segment) => segment.setWeights(values));
  }

  state(): Promise<SegmentState> {
    return this.call((segment) => segment.state());
  }

  restore(state: SegmentState): Promise<void> {
    return this.call((segment) => segment.restore(state));
  }

  dispose(): void {
    if (!this.disposed) living--;
    this.disposed = true;
    this.ready?.dispose();
    if (this.moving) void this.moving.then(() => this.current.dispose());
    else this.current.dispose();
  }

  private async call<T>(run: (segment: Segment) => Promise<T>): Promise<T> {
    if (this.moving) await this.moving;
    this.calls++;
    try {
      return await run(this.current);
    } finally {
      this.calls--;
    }
  }

  /** Notes how long a step took; after enough of them, decides once and for all. */
  private time(): void {
    const { times } = this;
    const { stepMs } = this.home;
    if (!times) return;
    // What runs on tfjs stays where it is: there tfjs may compute on another backend, with other last bits.
    if (stepMs === undefined) {
      this.times = undefined;
      return;
    }
    times.push(stepMs);
    if (times.length < WARM_UP_STEPS + TIMED_STEPS) return;
    this.times = undefined;
    const sorted = times.slice(WARM_UP_STEPS).sort((a, b) => a - b);
    const median = sorted[Math.floor(TIMED_STEPS / 2)] ?? 0;
    const heavy = this.heavyMs ?? (living > 1 ? HEAVY_STEP_MS : HEAVY_ALONE_MS);
    if (median >= heavy) void this.startThread().catch((error: unknown) => this.stay(error));
  }

  private async startThread(): Promise<void> {
    const { WorkerSegment } = await import('./worker-segment.js');
    const { threadIsFree } = await import('./segment-thread.js');
    if (this.disposed || !threadIsFree()) return;
    const thread = await WorkerSegment.start(this.runtime.kind, this.options, this.reports, { holds: false });
    if (this.disposed || this.home.stepMs === undefined) thread.dispose();
    else this.ready = thread;
  }

  private async move(thread: WorkerSegment): Promise<void> {
    try {
      await thread.takeOver(await this.home.state());
      this.current = thread;
      this.home.dispose();
    } catch (error) {
      thread.dispose();
      this.stay(error);
    }
    this.moving = undefined;
  }

  private stay(error: unknown): void {
    this.reports.notice(stayNotice(this.spec, error));
  }
}
