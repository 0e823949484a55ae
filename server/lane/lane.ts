import type { Engine, Segment, SegmentState } from '../../shared/engine/engine.js';
import { crashPoint } from '../../shared/crash-point.js';
import { asTandemError, type TandemError } from '../../shared/errors.js';
import type { CutModel } from '../../shared/model/cut.js';
import { LARGEST_ALLOWED, type NdArray } from '../../shared/ndarray.js';
import { predict, update } from '../../shared/step/walk.js';
import { optimizerOf, type Task } from '../../shared/task.js';
import { Attempts } from './attempts.js';
import type { LaneReply, LaneRequest } from './lane-step.js';

export interface LaneOptions {
  readonly task: Task;
  readonly cut: CutModel;
  /** The segments of the server. */
  readonly held: readonly number[];
  readonly engine: Engine;
  readonly seed: number;
  /** The client whose lane it is, for its random numbers; 0 for a shared lane. */
  readonly stream?: number;
  /** The largest norm that the gradient of the lane's weights may have in one step. */
  readonly maxGradient?: number | undefined;
  /** The lane's weights after the last merge, to roll back to where clients have spoiled it. */
  readonly settled?: () => readonly (readonly NdArray[])[];
  /** Whether several clients' steps train it. */
  readonly isShared?: boolean;
}

export interface LaneSnapshot {
  readonly step: number;
  /** The clients whose steps have trained the lane since the last merge; for a lane of one client's own, also those merged into it. */
  readonly movers?: readonly number[];
  readonly segments: readonly SegmentState[];
}

export type Job = () => Promise<void> | void;

/** A message that waits until its lane has no job left, numbered in the order of all lanes. */
export interface Intake {
  readonly number: number;
  readonly run: () => void;
}

/** What a lane's queue has to know of the others: when all of them pause. */
export interface AmongLanes {
  next(): number;
  /** Something waits at the queue. Returns whether it may begin. */
  waits(queue: LaneQueue): boolean;
  began(): void;
  stopped(queue: LaneQueue): void;
  mayTakeIn(intake: Intake): boolean;
  failed(error: TandemError): void;
}

/**
 * A lane's queue: it does its jobs one after the other, beside the other lanes, and takes in its clients' messages when no job is left.
 */
export class LaneQueue {
  private readonly jobs: Job[] = [];
  private readonly intakes: Intake[] = [];
  private isRunning = false;

  constructor(private readonly among: AmongLanes) {}

  get hasJobs(): boolean {
    return this.jobs.length > 0;
  }

  /** The number of its first waiting message, in the order of all lanes. */
  get firstIntake(): number {
    return this.intakes[0]?.number ?? Infinity;
  }

  add(job: Job): void {
    this.jobs.push(job);
    this.goOn();
  }

  /** Calls `intake` when no job is left. Resolves afterwards. */
  takeIn(intake: () => void): Promise<void> {
    return new Promise((resolve) => {
      const run = () => {
        resolve();
        crashPoint('server.take-in');
        intake();
      };
      this.intakes.push({ number: this.among.next(), run });
      this.goOn();
    });
  }

  goOn(): void {
    if (this.among.waits(this) && !this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    this.among.began();
    for (let next = this.shift(); next; next = this.shift()) {
      try {
        const done = next();
        if (done) await done;
      } catch (error) {
        this.among.failed(asTandemError(error));
      }
    }
    this.isRunning = false;
    this.among.stopped(this);
  }

  private shift(): Job | undefined {
    const [intake] = this.intakes;
    if (this.jobs.length > 0) return this.jobs.shift();
    return intake && this.among.mayTakeIn(intake) ? this.intakes.shift()?.run : undefined;
  }
}

/**
 * One replica of the server's segments. A pure fold: its state after a step depends on the state before and what the
 * client sent alone. This is the server's half of the way data flows; client/bottom-trainer.ts is the other half.
 */
export class Lane {
  private step = 0;

  private constructor(
    private readonly segments: readonly Segment[],
    private readonly attempts: Attempts,
    /** The lane's jobs and messages. */
    readonly queue: LaneQueue,
  ) {}

  static async create(
    { task, cut, held, engine, seed, stream = 0, maxGradient, settled, isShared }: LaneOptions,
    queue: LaneQueue,
  ): Promise<Lane> {
    const last = cut.specs.length - 1;
    const segments = held
      .map((index) => cut.specs[index])
      .filter((spec) => spec !== undefined)
      .map((spec) =>
        engine.segment({
          spec,
          weights: cut.weights[spec.index] ?? [],
          optimizer: optimizerOf(task, spec.index),
          ...(spec.index === last ? { loss: task.loss } : {}),
          ...(task.source === undefined ? {} : { source: task.source }),
          seed,
          stream,
        }),
      );
    const opened = await Promise.all(segments);
    return new Lane(
      opened,
      new Attempts(opened, { maxGradient: maxGradient ?? LARGEST_ALLOWED, settled, isShared }),
      queue,
    );
  }

  /**
   * Queues a step, or a half of one: smashed -> forward -> loss -> backward -> cut gradient, and while that is on its way,
   * update. A step that would make the loss, a gradient or a moving average infinite or NaN is refused, and nothing is changed. Resolves when it is done.
   */
  take(request: LaneRequest, answer: (reply: LaneReply) => void = () => undefined): Promise<void> {
    return new Promise((resolve) => this.queue.add(() => this.learn(request, answer).finally(resolve)));
  }

  /** The same at once, for a caller that has the lane to itself. */
  async learn(request: LaneRequest, answer: (reply: LaneReply) => void): Promise<void> {
    const { attempts } = this;
    if (request.kind === 'undo') return attempts.undo();
    const { reply, way } = await attempts.take(request, this.step);
    answer(reply);
    if (reply.kind !== 'gradient') return;
    if (way && !way.isUpdated && attempts.pass) await update(attempts.pass);
    attempts.stands(way && request.of);
    this.step++;
    answer({ kind: 'done', loss: reply.loss, gradientNorm: way?.norm ?? 0 });
  }

  /** The lane was merged. These clients' training is in its weights, and cannot be rolled back any more. */
  settle(makers: Iterable<number>): void {
    this.attempts.movers = new Set(makers);
  }

  /** smashed -> top.predict; changes nothing. `entry` is the first of the lane's segments that it goes through. */
  async predict(
    tensors: readonly NdArray[],
    labels: readonly NdArray[],
    entry = 0,
  ): Promise<{ outputs: NdArray[]; loss: number | null }> {
    const judged = labels.length > 0 ? labels : undefined;
    const { outputs, loss = null } = await predict(this.segments.slice(entry), tensors, judged);
    return { outputs, loss };
  }

  /** The weights of each of the lane's segments. */
  weights(): Promise<NdArray[][]> {
    return Promise.all(this.segments.map((segment) => segment.weights()));
  }

  /** Takes averaged weights, one list a segment; the optimizers keep their state. */
  async setWeights(weights: readonly (readonly NdArray[])[]): Promise<void> {
    await Promise.all(this.segments.map((segment, i) => segment.setWeights(weights[i] ?? [])));
  }

  /** The lane's whole state, to go on from bit for bit. Where half a step is done, as it was before that step. */
  async snapshot(): Promise<LaneSnapshot> {
    const states = this.segments.map(async (segment) => {
      const state = await segment.state();
      return { ...state, ...this.attempts.before.of(segment) };
    });
    return { step: this.step, movers: [...this.attempts.movers], segments: await Promise.all(states) };
  }

  async restore({ step, movers = [], segments }: LaneSnapshot): Promise<void> {
    this.step = step;
    this.attempts.movers = new Set(movers);
    for (const [i, state] of segments.entries()) await this.segments[i]?.restore(state);
  }

  dispose(): void {
    this.segments.forEach((segment) => segment.dispose());
  }
}
