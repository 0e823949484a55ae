import { checkBatch } from '../shared/contract.js';
import { TandemError } from '../shared/errors.js';
import { BreakDown, ofOwn, ofServer } from './break-down.js';
import type { LabelKind } from '../shared/metrics/label-kind.js';
import type { MetricName } from '../shared/metrics/metrics.js';
import { reportScores, type ReportedScores } from '../shared/metrics/reported-scores.js';
import { addScores, noScores, type Scores } from '../shared/metrics/scores.js';
import { fromBytes, type NdArray } from '../shared/ndarray.js';
import type { DefinedPart, ModelDefinition } from '../shared/protocol/model-definition.js';
import { backward, forward, predict, update, type Pass } from '../shared/step/walk.js';
import { HeldSegment, type HeldOptions } from './held-segment.js';

/**
 * Trains the segment of this client that has the loss: its top, between the halves of client/bottom-trainer.ts, an auxiliary head on
 * its bottom, or the whole model. The outputs of the segment below come in; their gradient and the loss go out.
 */
export class TopTrainer {
  private scores: Scores = noScores;
  /** Of which it has not learned yet. */
  private pass: Pass | undefined;

  constructor(
    readonly held: HeldSegment,
    private readonly metrics: readonly MetricName[],
    private readonly kind: LabelKind | undefined,
    private readonly maxRows: number,
    /** Says whose fault it is when what comes in cannot be used. */
    private readonly from: typeof ofOwn,
  ) {}

  /** A segment of a definition that has a loss. Throws BAD_MESSAGE for one that has none. */
  static of(
    part: DefinedPart,
    { loss, metrics, labels: [label] }: ModelDefinition,
    options: HeldOptions & { maxRows: number },
  ): TopTrainer {
    const from = part.role === 'top' ? ofServer : ofOwn;
    if (loss === null) throw new TandemError('BAD_MESSAGE', 'the model definition lacks the loss of a segment');
    return new TopTrainer(new HeldSegment(part, { ...options, loss }), metrics, label?.kind, options.maxRows, from);
  }

  /** tensors -> forward -> loss -> backward -> gradients of the tensors, where they are wanted. Throws BAD_SHAPE or BAD_VALUE. */
  async learn(
    step: number,
    tensors: readonly NdArray[],
    labels: readonly NdArray[],
  ): Promise<{ loss: number; gradients: readonly NdArray[] }> {
    this.check(tensors, labels);
    const pass = await forward([this.held.loaded], tensors, step - 1, labels);
    const { loss = NaN } = pass;
    if (!Number.isFinite(loss)) throw new BreakDown(`the loss of step ${step} is ${loss}`, step);
    this.pass = pass;
    return { loss, gradients: await backward(pass) };
  }

  /** -> update; on its own, so that the gradient is on its way while the weights move. */
  async update(): Promise<void> {
    if (this.pass) await update(this.pass);
    this.pass = undefined;
  }

  /** tensors -> predict, in inference mode; the loss too where there are labels. */
  async predict(
    tensors: readonly NdArray[],
    labels: readonly NdArray[],
  ): Promise<{ outputs: NdArray[]; loss: number | null }> {
    this.check(tensors, labels);
    const judged = labels.length > 0 ? labels : undefined;
    const { outputs, loss = null } = await predict([this.held.loaded], tensors, judged);
    return { outputs, loss };
  }

  /** Forgets what was scored. */
  beginScores(): void {
    this.scores = noScores;
  }

  /** Scores a batch of test samples; returns the totals so far. Without tensors it came too late, and adds nothing to them. */
  async score(tensors: readonly NdArray[], labels: readonly NdArray[]): Promise<ReportedScores> {
    if (tensors.length === 0) return this.passOver(labels);
    const { outputs, loss } = await this.predict(tensors, labels);
    // Scores beside their labels would say what they are, so they are counted only.
    const judging = { kind: this.kind, binned: true };
    this.scores = addScores(this.scores, this.metrics, labels, outputs, loss ?? NaN, judging);
    return reportScores(this.scores);
  }

  /** Counts no samples, in the shape in which they are counted. */
  private passOver(labels: readonly NdArray[]): ReportedScores {
    const outputs = this.held.part.spec.outputs.map((spec) => noRows(spec.dtype, spec.shape.map(Number)));
    const none = labels.map(({ dtype, shape }) => noRows(dtype, shape.slice(1)));
    this.scores = addScores(this.scores, this.metrics, none, outputs, 0, { kind: this.kind, binned: true });
    return reportScores(this.scores);
  }

  private check(tensors: readonly NdArray[], labels: readonly NdArray[]): void {
    const { inputs } = this.held.part.spec;
    const contract = { tensors: inputs, labels: [], maxRows: this.maxRows };
    const rows = this.from(() => checkBatch(contract, tensors, [], 'middle output'));
    const asked = labels[0]?.shape[0] ?? rows;
    if (asked !== rows) throw new TandemError('BAD_SHAPE', `middle output has ${rows} samples, ${asked} were sent`);
  }
}

function noRows(dtype: NdArray['dtype'], shape: readonly number[]): NdArray {
  return fromBytes(dtype, [0, ...shape], new Uint8Array(0));
}
