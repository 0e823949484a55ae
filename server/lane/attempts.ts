import type { Segment } from '../../shared/engine/engine.js';
import { asTandemError } from '../../shared/errors.js';
import { areFinite, largestOf, USUAL, type NdArray } from '../../shared/ndarray.js';
import { forward, type Pass } from '../../shared/step/walk.js';
import { BeforeStep } from './before-step.js';
import type { Given, LaneReply, LaneRequest } from './lane-step.js';
import { goBack, noGradients } from './mend-lane.js';
import { checkedBackward, unusableStep, type CheckedGradient } from './checked-backward.js';
import { isMovedByOthers, MOST_GIVEN, othersPart, type StepOf } from './whose-fault.js';

type Step = Exclude<LaneRequest, { kind: 'undo' }>;
type Reply = Exclude<LaneReply, { kind: 'done' }>;

/** What a step has come to, and its way down where there was one that counts. */
export interface Tried {
  readonly reply: Reply;
  readonly way?: CheckedGradient;
}

export interface AttemptOptions {
  readonly maxGradient: number;
  /** What the segments were made into last; undefined where they do not go back. */
  readonly settled: (() => readonly (readonly NdArray[])[]) | undefined;
  /** Whether steps of many clients move them. */
  readonly isShared: boolean | undefined;
}

/** A lane's tries at a step: an unusable step is undone, and refused where its client is at fault. */
export class Attempts {
  /** The way up of the step under way, which begins above the segments that its client holds itself. */
  pass: Pass | undefined;
  /** Whose steps have moved the lane since it was made into what all go on from. */
  movers = new Set<number>();
  readonly before = new BeforeStep();
  /** What came up for the step under way, and its loss as far as it is known. */
  private sent: readonly NdArray[] = [];
  private loss = NaN;
  /** Steps before it. */
  private count = 0;

  constructor(
    private readonly segments: readonly Segment[],
    private readonly options: AttemptOptions,
  ) {}

  /** A step, or a half of one. Nothing is changed where it is refused. */
  async take(request: Step, count: number): Promise<Tried> {
    this.count = count;
    const { reply, way } = await this.attempt(request, true);
    if (reply.kind === 'refused') return this.mend(request, { reply });
    return way ? { reply, way } : { reply };
  }

  undo(): Promise<void> {
    return this.before.undo();
  }

  /** Nothing of the step will be undone. */
  stands(of: StepOf | undefined): void {
    if (of) this.movers.add(of.client);
    this.before.forget();
  }

  /** With `strictly`, a lane that gives what is out of all proportion to somebody who has no part in it is as unusable as one that overflows. */
  private async attempt(request: Step, strictly: boolean): Promise<Tried> {
    const { kind, step, tensors } = request;
    if (kind !== 'second-half') [this.sent, this.loss] = [tensors, NaN];
    try {
      if (kind === 'first-half') {
        return { reply: { kind: 'output', ...this.given(request, await this.up(step, tensors), strictly) } };
      }
      this.loss = kind === 'second-half' ? request.loss : await this.lossOf(request);
      const way = await checkedBackward(this.pass, step, this.options.maxGradient, {
        ...(kind === 'second-half' ? { outputGradients: tensors } : {}),
        suspect: () => this.suspect(request),
      });
      return { reply: { kind: 'gradient', loss: this.loss, ...this.given(request, way.cutGradient, strictly) }, way };
    } catch (error) {
      await this.before.undo();
      return { reply: { kind: 'refused', error: asTandemError(error) } };
    }
  }

  /** For a client whose fault it is not, a lane that others have spoiled goes back to what it was made into last; what cannot be learned from then, either, is passed over. */
  private async mend(request: Step, refused: Tried & { reply: { kind: 'refused' } }): Promise<Tried> {
    const { kind, of } = request;
    const { settled } = this.options;
    const part = othersPart(of, this.allSent(request), this.movers);
    if (!settled || part === 'none' || refused.reply.error.code !== 'BAD_VALUE') return refused;
    const why = refused.reply.error.message;
    if (part === 'spoiled-lane') {
      await goBack(this.segments, settled());
      this.movers.clear();
      const again = kind === 'second-half' ? refused : await this.attempt(request, false);
      const mended = `${why}, and what it sent is usual: the lane went back to what it was when the round began`;
      if (again.reply.kind !== 'refused') return { ...again, reply: { ...again.reply, mended } };
    }
    if (kind === 'first-half') return refused;
    const mended = `${why}, which comes of what it was given: nothing was learned from the step`;
    return { reply: { kind: 'gradient', loss: this.loss, tensors: noGradients(this.sent), given: 0, mended } };
  }

  /** Throws BAD_VALUE as `attempt` says. */
  private given({ step, of }: Step, tensors: readonly NdArray[], strictly: boolean): Given {
    const given = of && isMovedByOthers(of, this.movers) ? largestOf(tensors) : 0;
    if (strictly && given > MOST_GIVEN && othersPart(of, this.sent, this.movers) === 'spoiled-lane')
      throw unusableStep(step, `step ${step} would be answered with values up to ${given}`);
    return { tensors, given };
  }

  /** What came up for the step, where it may be what spoils a lane for others: unusual, of who was given nothing unusual. */
  private suspect(request: Step): readonly NdArray[] | undefined {
    const { of } = request;
    const isSuspect = this.options.isShared && of && of.given <= USUAL && largestOf(this.allSent(request)) > USUAL;
    return isSuspect ? this.sent : undefined;
  }

  /** In both halves. */
  private allSent({ kind, tensors }: Step): readonly NdArray[] {
    return kind === 'second-half' ? [...this.sent, ...tensors] : tensors;
  }

  /** smashed -> middle.forward. Throws BAD_VALUE where it overflows. */
  private async up(step: number, tensors: readonly NdArray[]): Promise<readonly NdArray[]> {
    const { outputs } = await this.forward(this.segments, tensors);
    if (!areFinite(outputs)) throw unusableStep(step, `the middle output of step ${step} is not finite`);
    return outputs;
  }

  /** smashed -> top.forward -> loss. Throws BAD_VALUE where it is none. */
  private async lossOf({ step, tensors, labels, entry }: LaneRequest & { kind: 'whole' }): Promise<number> {
    const { loss = NaN } = await this.forward(this.segments.slice(entry), tensors, labels);
    if (!Number.isFinite(loss)) throw unusableStep(step, `the loss of step ${step} is ${loss}`);
    return loss;
  }

  private async forward(
    segments: readonly Segment[],
    tensors: readonly NdArray[],
    labels?: readonly NdArray[],
  ): Promise<Pass> {
    await this.before.remember(segments);
    return (this.pass = await forward(segments, tensors, this.count, labels));
  }
}
