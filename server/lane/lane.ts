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
  /** Tells the random numbers of a client's lane from those of another's; 0 for a shared one. */
  readonly stream?: number;
  /** The norm that the gradient of the lane's weights may have in one step. */
  readonly maxGradient?: number | undefined;
  /** What the lane's segments were made into last: what it goes back to where others have spoiled it. */
  readonly settled?: () => readonly (readonly NdArray[])[];
  /** Whether steps of many clients move it. */
  readonly isShared?: boolean;
}

export interface LaneSnapshot {
  readonly step: number;
  /** Whose steps have moved it since it was made into what all go on from. */
  readonly movers?: readonly number[];
  readonly segments: readonly SegmentState[];
}

export type Job = () => Promise<void> | void;

/** What waits until a lane has no job left, in the order of all lanes' intakes. */
export interface Intake {
  readonly number: number;
  readonly run: () => void;
}

/** What a lane's queue has to know of all others: when all are to pause. */
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
 * One thing at a time on a lane: its jobs in their order, each to its end, while other lanes do theirs; and what its clients say, once no job is
 * left.
 */
export class LaneQueue {
  private readonly jobs: Job[] = [];
  private readonly intakes: Intake[] = [];
  private isRunning = false;

  constructor(private readonly among: AmongLanes) {}

  get hasJobs(): boolean {
    return this.jobs.length > 0;
  }

  /** Where the first of its intakes stands among those of all lanes. */
  get firstIntake(): number {
    return this.intakes[0]?.number ?? Infinity;
  }

  add(job: Job): void {
    this.jobs.push(job);
    this.goOn();
  }

  /** Calls once, when no job is left. Resolves afterwards. */
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
 * client sent alone. This is the server's half of the way data flows; client/bottom-party.ts is the other half.
 */
export class Lane {
  private step = 0;

  private constructor(
    private readonly segments: readonly Segment[],
    private readonly attempts: Attempts,
    /** What waits for the lane. */
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
   * Takes a step, or a half of one, when all that waits is done: smashed -> forward -> loss -> backward -> cut gradient, and while that is on its way,
   * update. A step that would make the loss, a gradient or a moving average infinite or NaN is refused, and nothing is changed. Resolves when it is done.
   */
  take(request: LaneRequest, answer: (reply: LaneReply) => void = () => undefined): Promise<void> {
    return new Promise((resolve) => this.queue.add(() => this.learn(request, answer).finally(resolve)));
  }

  /** The same at once, for who has the lane to itself. */
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

  /** It was made into what all go on from, which these clients have moved in a way that goes back no further. */
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

  /** Everything the lane must remember to go on bit for bit elsewhere, as it was before a step of which it has done the first half. */
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
