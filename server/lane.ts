import { hasMemory, type Engine, type Segment, type SegmentState } from '../shared/engine/engine.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import type { CutModel } from '../shared/model/cut.js';
import { areFinite, LARGEST_SOUND, largestOf, type NdArray } from '../shared/ndarray.js';
import { backward, forward, predict, update, type Pass } from '../shared/step/walk.js';
import { optimizerOf, type Task } from '../shared/task.js';
import type { LaneReply, LaneRequest } from './lane-step.js';
import { LARGEST_TRAINED } from './run/overflow.js';

const LIMITED = 'check the data or lower the learning rate; the limit is that of the server (--max-gradient)';

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
}

export interface LaneSnapshot {
  readonly step: number;
  readonly segments: readonly SegmentState[];
}

/**
 * One replica of the server's segments. A pure fold: its state after a step depends on the state before and what the
 * client sent alone. This is the server's half of the way data flows; client/bottom-party.ts is the other half.
 */
export class Lane {
  private step = 0;
  /** The way up of the step under way, which begins above the segments that its client holds itself. */
  private pass: Pass | undefined;
  /** Where a forward pass changes a segment by itself, what it was before: its weights, or all of it where layers have a memory. */
  private readonly before = new Map<Segment, SegmentState | Pick<SegmentState, 'weights'>>();

  private norm = 0;
  /** Whether the update of the step under way had to be tried before its answer. */
  private isUpdated = false;

  private constructor(
    private readonly segments: readonly Segment[],
    private readonly maxGradient: number,
  ) {}

  static async create({ task, cut, held, engine, seed, stream = 0, maxGradient }: LaneOptions): Promise<Lane> {
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
    return new Lane(await Promise.all(segments), maxGradient ?? LARGEST_SOUND);
  }

  /**
   * Takes a step, or a half of one: smashed -> forward -> loss -> backward -> cut gradient, and while that is on its way, update. What would leave
   * the loss, a gradient or a moving average unsound is refused, and nothing is changed.
   */
  async take(request: LaneRequest, answer: (reply: LaneReply) => void = () => undefined): Promise<void> {
    let reply: Exclude<LaneReply, { kind: 'done' }>;
    try {
      if (request.kind === 'undo') return await this.abandon();
      reply = request.kind === 'first-half' ? await this.up(request) : await this.throughout(request);
    } catch (error) {
      await this.abandon();
      reply = { kind: 'refused', error: asTandemError(error) };
    }
    answer(reply);
    if (reply.kind !== 'gradient') return;
    if (!this.isUpdated && this.pass) await update(this.pass);
    this.before.clear();
    this.step++;
    answer({ kind: 'done', loss: reply.loss, gradientNorm: this.norm });
  }

  /**
   * An update from which the steps of other clients could overflow is taken back: who sent it is at fault, and not whoever comes next. Answers whether
   * it stands.
   */
  private async tryUpdate(pass: Pass): Promise<boolean> {
    const { segments } = pass;
    const before = await Promise.all(segments.map((segment) => segment.state()));
    await update(pass);
    for (const [i, segment] of segments.entries()) {
      const trained = (weights: readonly NdArray[]) => weights.filter((_, w) => segment.spec.weights[w]?.trainable);
      const most = Math.max(LARGEST_TRAINED, largestOf(trained(before[i]?.weights ?? [])));
      const now = trained(await segment.weights());
      if (areFinite(now) && largestOf(now) <= most) continue;
      for (const [at, state] of before.entries()) await segments[at]?.restore(state);
      return false;
    }
    return true;
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
      return { ...state, ...this.before.get(segment) };
    });
    return { step: this.step, segments: await Promise.all(states) };
  }

  async restore({ step, segments }: LaneSnapshot): Promise<void> {
    this.step = step;
    for (const [i, state] of segments.entries()) await this.segments[i]?.restore(state);
  }

  dispose(): void {
    this.segments.forEach((segment) => segment.dispose());
  }

  /** Batch normalisation moves its averages in the forward pass, a stateful layer its state. */
  private async remember(segments: readonly Segment[]): Promise<void> {
    this.before.clear();
    for (const segment of segments) {
      if (hasMemory(segment.spec)) this.before.set(segment, await segment.state());
      else if (segment.spec.weights.some(({ trainable }) => !trainable)) {
        this.before.set(segment, { weights: await segment.weights() });
      }
    }
  }

  /** smashed -> middle.forward. Throws BAD_VALUE where it overflows. */
  private async up({ step, tensors }: LaneRequest & { kind: 'first-half' }): Promise<LaneReply & { kind: 'output' }> {
    const { outputs } = await this.forward(this.segments, tensors);
    if (!areFinite(outputs)) throw unsound(step, `the middle output of step ${step} is not finite`);
    return { kind: 'output', tensors: outputs };
  }

  /** The rest of a step after its first half, or all of it. Throws BAD_VALUE. */
  private async throughout(
    request: LaneRequest & { kind: 'whole' | 'second-half' },
  ): Promise<LaneReply & { kind: 'gradient' }> {
    const { kind, step, tensors } = request;
    if (kind === 'second-half')
      return { kind: 'gradient', loss: request.loss, tensors: await this.soundBackward(step, tensors) };
    const { loss = NaN } = await this.forward(this.segments.slice(request.entry), tensors, request.labels);
    if (!Number.isFinite(loss)) throw unsound(step, `the loss of step ${step} is ${loss}`);
    return { kind: 'gradient', loss, tensors: await this.soundBackward(step) };
  }

  /** Undoes a forward pass that no update will follow, so that no later step can tell. */
  private async abandon(): Promise<void> {
    for (const [segment, before] of this.before) {
      if ('optimizer' in before) await segment.restore(before);
      else await segment.setWeights(before.weights);
    }
    this.before.clear();
  }

  private async forward(
    segments: readonly Segment[],
    tensors: readonly NdArray[],
    labels?: readonly NdArray[],
  ): Promise<Pass> {
    await this.remember(segments);
    return (this.pass = await forward(segments, tensors, this.step, labels));
  }

  /** Throws BAD_VALUE where the update that follows, or one after it, could leave anything that is not finite. */
  private async soundBackward(step: number, outputGradients?: readonly NdArray[]): Promise<readonly NdArray[]> {
    const { pass } = this;
    if (!pass) throw new TandemError('BAD_STATE', `step ${step} has no first half`, undefined, step);
    const cutGradient = await backward(pass, outputGradients);
    if (!areFinite(cutGradient)) throw unsound(step, `the cut gradient of step ${step} is not finite`);
    const norms = await Promise.all(pass.segments.map((segment) => segment.norms()));
    this.norm = norms.reduce((norm, { gradients }) => Math.hypot(norm, gradients), 0);
    if (!(this.norm <= this.maxGradient)) {
      throw unsound(
        step,
        `the weights' gradient in step ${step} has the norm ${this.norm}, over ${this.maxGradient}`,
        LIMITED,
      );
    }
    if (!norms.every(({ averages }) => Number.isFinite(averages))) {
      throw unsound(step, `a moving average after step ${step} is not finite`);
    }
    this.isUpdated = this.norm > LARGEST_TRAINED;
    if (this.isUpdated && !(await this.tryUpdate(pass))) {
      const what = `the weights' gradient in step ${step} has the norm ${this.norm}, and would leave weights that nothing can be computed with`;
      throw unsound(step, what);
    }
    return cutGradient;
  }
}

function unsound(step: number, what: string, action = 'lower the learning rate or check the data'): TandemError {
  return new TandemError('BAD_VALUE', what, action, step);
}
