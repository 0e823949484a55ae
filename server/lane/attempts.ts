import type { Segment } from '../../shared/engine/engine.js';
import { asTandemError } from '../../shared/errors.js';
import { areFinite, largestOf, USUAL, type NdArray } from '../../shared/ndarray.js';
import { forward, type Pass } from '../../shared/step/walk.js';
import { BeforeStep } from './before-step.js';
import type { Given, LaneReply, LaneRequest } from './lane-step.js';
import { rollBack, noGradients } from './roll-back.js';
import { checkedBackward, unusableStep, type CheckedGradient } from './checked-backward.js';
import { isMovedByOthers, MOST_GIVEN, othersPart, type StepOf } from './whose-fault.js';

type Step = Exclude<LaneRequest, { kind: 'undo' }>;
type Reply = Exclude<LaneReply, { kind: 'done' }>;

/** The reply to a step, and its backward pass where the step counts. */
export interface Tried {
  readonly reply: Reply;
  readonly way?: CheckedGradient;
}

export interface AttemptOptions {
  readonly maxGradient: number;
  /** The weights that the segments are rolled back to where other clients have spoiled them; undefined where they are never rolled back. */
  readonly settled: (() => readonly (readonly NdArray[])[]) | undefined;
  /** Whether several clients' steps train these segments. */
  readonly isShared: boolean | undefined;
}

/** A lane's tries at a step: an unusable step is undone, and refused where its client is at fault. */
export class Attempts {
  /** The forward pass of the step under way, from the first segment that its client does not hold itself. */
  pass: Pass | undefined;
  /** The clients whose steps have trained the lane since the last merge; for a lane of one client's own, also those merged into it. */
  movers = new Set<number>();
  readonly before = new BeforeStep();
  /** The smashed data of the step under way, and its loss once it is known. */
  private sent: readonly NdArray[] = [];
  private loss = NaN;
  /** How many steps came before it. */
  private count = 0;

  constructor(
    private readonly segments: readonly Segment[],
    private readonly options: AttemptOptions,
  ) {}

  /** A step, or a half of one. Nothing is changed where it is refused. */
  async take(request: Step, count: number): Promise<Tried> {
    this.count = count;
    const { reply, way } = await this.attempt(request, true);
    if (reply.kind === 'refused') return this.recover(request, { reply });
    return way ? { reply, way } : { reply };
  }

  undo(): Promise<void> {
    return this.before.undo();
  }

  /** The step counts: it can no longer be undone. */
  stands(of: StepOf | undefined): void {
    if (of) this.movers.add(of.client);
    this.before.forget();
  }

  /** With `strictly`, values far too large for a client that did not train the lane are refused like an overflow. */
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

  /** Where a refused step is not its client's fault: rolls a lane that others have spoiled back to the last merge and tries again, or skips the step. */
  private async recover(request: Step, refused: Tried & { reply: { kind: 'refused' } }): Promise<Tried> {
    const { kind, of } = request;
    const { settled } = this.options;
    const part = othersPart(of, this.allSent(request), this.movers);
    if (!settled || part === 'none' || refused.reply.error.code !== 'BAD_VALUE') return refused;
    const why = refused.reply.error.message;
    if (part === 'spoiled-lane') {
      await rollBack(this.segments, settled());
      this.movers.clear();
      const again = kind === 'second-half' ? refused : await this.attempt(request, false);
      const mended = `${why}, and what it sent is usual: the lane went back to what it was when the round began`;
      if (again.reply.kind !== 'refused') return { ...again, reply: { ...again.reply, mended } };
    }
    if (kind === 'first-half') return refused;
    const mended = `${why}, which comes of what it was given: nothing was learned from the step`;
    return { reply: { kind: 'gradient', loss: this.loss, tensors: noGradients(this.sent), given: 0, mended } };
  }

  /** Throws BAD_VALUE where `strictly` says so. */
  private given({ step, of }: Step, tensors: readonly NdArray[], strictly: boolean): Given {
    const given = of && isMovedByOthers(of, this.movers) ? largestOf(tensors) : 0;
    if (strictly && given > MOST_GIVEN && othersPart(of, this.sent, this.movers) === 'spoiled-lane')
      throw unusableStep(step, `step ${step} would be answered with values up to ${given}`);
    return { tensors, given };
  }

  /** The smashed data of a step that may spoil a shared lane: it holds unusual values, and its client was given none. */
  private suspect(request: Step): readonly NdArray[] | undefined {
    const { of } = request;
    const isSuspect = this.options.isShared && of && of.given <= USUAL && largestOf(this.allSent(request)) > USUAL;
    return isSuspect ? this.sent : undefined;
  }

  /** All tensors of the step, of both halves. */
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
