import type { Batch } from '../shared/data/dataset.js';
import type { Engine, SegmentState } from '../shared/engine/engine.js';
import { checkAlike, checkBatch, gradientSpecs } from '../shared/contract.js';
import { TandemError } from '../shared/errors.js';
import type { ReportedScores } from '../shared/metrics/reported-scores.js';
import type { NdArray } from '../shared/ndarray.js';
import type { Message } from '../shared/protocol/messages.js';
import {
  partsOf,
  type JointDefinition,
  type ModelDefinition,
  type SegmentRole,
} from '../shared/protocol/model-definition.js';
import { backward, update, type Pass } from '../shared/step/walk.js';
import { ofServer } from './break-down.js';
import { HeldSegment, loadSegments, restoreSegments, segmentStates, uploadSegments } from './held-segment.js';
import type { OwnStep, TrainerOptions, Practice } from './trainer-options.js';
import { SegmentChain } from './segment-chain.js';
import { TopTrainer } from './top-trainer.js';

/**
 * Trains the client's bottom, of one or more segments, and its top where labels stay here. This is the client's half of the way data flow;
 * server/lane/lane.ts is the other half. Segments and data stay here; only what these methods return is sent.
 */
export class BottomTrainer {
  private readonly bottom: SegmentChain;
  private readonly top: TopTrainer | undefined;
  /** A head from which the bottom learns without the server. */
  private readonly auxiliary: TopTrainer | undefined;
  /** The step under way, until the bottom has learned from it. */
  private pass: Pass | undefined;
  /** The labels of the step under way, and of queries by their ids, where they stay here. */
  private labels: readonly NdArray[] = [];
  private readonly asked = new Map<number, readonly NdArray[]>();

  /** Takes the definition the server sent. The weights follow in a `bottom` message. */
  constructor(
    private readonly definition: ModelDefinition,
    private readonly options: TrainerOptions,
    engine: Engine,
  ) {
    // All parties of a vertical run hold parts of one network, so their layers draw from one stream.
    const own = { ...options, client: definition.joint ? 0 : options.client, engine };
    const bottoms = partsOf(definition, 'bottom').map((part) => new HeldSegment(part, own));
    this.bottom = new SegmentChain(bottoms, { mayBeEmpty: definition.joint?.active });
    const [[top], [auxiliary]] = [partsOf(definition, 'top'), partsOf(definition, 'auxiliary')];
    this.top = top && TopTrainer.of(top, definition, own);
    this.auxiliary = auxiliary && TopTrainer.of(auxiliary, definition, own);
  }

  /** The uppermost segment here. With a top, labels stay; with an auxiliary head, steps do not wait for the server. */
  get holds(): SegmentRole {
    return this.definition.segments.at(-1)?.role ?? 'bottom';
  }

  /** What a party of a vertical run is told besides. */
  get joint(): JointDefinition | undefined {
    return this.definition.joint;
  }

  /** Throws BAD_SHAPE, BAD_VALUE or BAD_LABEL when a batch does not fit the model. */
  check({ inputs, labels }: Batch): void {
    const contract = { tensors: this.bottom.inputs, labels: this.definition.labels };
    checkBatch({ ...contract, maxRows: this.options.maxRows }, inputs, this.isPassive ? [] : labels, 'input');
  }

  /** Throws BAD_SHAPE or BAD_VALUE when rows to predict, whose labels are not looked at, do not fit the model. */
  checkToPredict({ inputs }: Batch): void {
    const { maxRows } = this.options;
    checkBatch({ tensors: this.bottom.inputs, labels: [], maxRows }, inputs, [], 'input');
  }

  /** Takes weights of all segments, and with them the optimizers' state if it came along. */
  load(message: Message<'bottom'>): Promise<void> {
    return loadSegments(this.held, message);
  }

  /** batch (checked) -> bottom.forward -> smashed */
  async smash(batch: Batch, step: number): Promise<Message<'smashed'>> {
    this.pass = await this.bottom.forward(batch.inputs, step - 1);
    this.labels = batch.labels;
    return { type: 'smashed', step, tensors: this.pass.outputs, labels: this.sent(batch) };
  }

  /** middle output -> top.forward -> loss -> top.backward -> top gradient, where the top is here. */
  async judge(message: Message<'middleOutput'>): Promise<Message<'topGradient'>> {
    if (this.labels.length === 0) throw new TandemError('BAD_LABEL', `step ${message.step} has no labels`);
    const { step, tensors } = message;
    const { loss, gradients } = await this.topHere.learn(step, tensors, this.labels);
    return { type: 'topGradient', step, loss, tensors: gradients };
  }

  /** cut gradient -> bottom.backward -> bottom.update, top.update */
  async learn({ tensors }: Message<'cutGradient'>): Promise<void> {
    const specs = gradientSpecs(this.bottom.outputs);
    if (specs.length > 0 || tensors.length > 0) {
      ofServer(() => {
        checkBatch({ tensors: specs, labels: [], maxRows: this.options.maxRows }, tensors, [], 'cut gradient');
        checkAlike(tensors, this.pass?.outputs ?? [], 'cut gradient');
      });
      await this.descend(tensors);
    }
    await this.top?.update();
  }

  /**
   * batch (checked) -> bottom.forward -> smashed -> auxiliary.forward -> loss -> auxiliary.backward -> both updates. In an
   * aligned step the bottom is left to the cut gradient, which `learn` brings it.
   */
  async practise(
    batch: Batch,
    step: number,
    { aligned, isReported }: OwnStep,
  ): Promise<Practice<'smashed' | 'trained'>> {
    const message = await this.smash(batch, step);
    const { loss, gradients } = await this.auxiliaryHere.learn(step, message.tensors, batch.labels);
    if (!aligned) await this.descend(gradients);
    await this.auxiliaryHere.update();
    const samples = batch.inputs[0]?.shape[0] ?? 0;
    return { message: isReported ? { type: 'trained', step, samples, loss } : message, loss };
  }

  /** batch (checked) -> bottom.predict -> smashed, for the server's pool; the loss is that of the auxiliary head. */
  async smashForPool(batch: Batch, step: number): Promise<Practice<'smashed'>> {
    const tensors = await this.bottom.predict(batch.inputs);
    const { loss } = await this.auxiliaryHere.predict(tensors, batch.labels);
    return { message: { type: 'smashed', step, tensors, labels: batch.labels }, loss: loss ?? NaN };
  }

  /** batch -> bottom.predict -> smashed, in inference mode. */
  async query(batch: Batch, id: number): Promise<Message<'query'>> {
    this.check(batch);
    const tensors = await this.bottom.predict(batch.inputs);
    if (this.top) this.asked.set(id, batch.labels);
    return { type: 'query', id, tensors, labels: this.sent(batch) };
  }

  /** rows to predict (checked) -> bottom.predict -> smashed, without labels. */
  async ask({ inputs }: Batch, id: number): Promise<Message<'query'>> {
    return { type: 'query', id, tensors: await this.bottom.predict(inputs), labels: [] };
  }

  /** prediction -> the model's outputs, through the top where it is here. */
  async finish({
    id,
    tensors,
    loss,
  }: Message<'prediction'>): Promise<{ outputs: readonly NdArray[]; loss: number | null }> {
    return this.top ? this.top.predict(tensors, this.labelsOf(id)) : { outputs: tensors, loss };
  }

  /** Begins an evaluation of the samples that stay here. */
  beginScores(): void {
    this.top?.beginScores();
  }

  /** prediction -> top.predict -> loss and metrics, summed over the evaluation so far. */
  async score({ id, tensors }: Message<'prediction'>): Promise<ReportedScores> {
    return this.topHere.score(tensors, this.labelsOf(id));
  }

  /** The segments as they are now, with the optimizers' state if it is to be handed over. */
  upload(round: number, withOptimizer: boolean): Promise<Message<'bottom'>> {
    return uploadSegments(this.held, round, withOptimizer);
  }

  /** Weights and optimizers of all segments, between two steps; null before any weights have come. */
  snapshot(): Promise<SegmentState[] | null> {
    return segmentStates(this.held);
  }

  restore(states: readonly SegmentState[]): Promise<void> {
    return restoreSegments(this.held, states);
  }

  dispose(): void {
    this.held.forEach((held) => held.dispose());
  }

  /** -> bottom.backward -> bottom.update */
  private async descend(gradients: readonly NdArray[]): Promise<void> {
    if (!this.pass) throw new TandemError('BAD_STATE', 'a gradient came, and no step is under way');
    await backward(this.pass, gradients);
    await update(this.pass);
    this.pass = undefined;
  }

  /** The labels to send: none where they stay, and none of a passive party. */
  private sent({ labels }: Batch): readonly NdArray[] {
    return this.isPassive || this.top ? [] : labels;
  }

  /** Those of a query, once. */
  private labelsOf(id: number): readonly NdArray[] {
    const labels = this.asked.get(id) ?? [];
    this.asked.delete(id);
    return labels;
  }

  private get isPassive(): boolean {
    return this.definition.joint?.active === false;
  }

  private get held(): HeldSegment[] {
    const own = this.top ?? this.auxiliary;
    return own ? [...this.bottom.held, own.held] : [...this.bottom.held];
  }

  private get auxiliaryHere(): TopTrainer {
    if (!this.auxiliary) throw new TandemError('BAD_STATE', 'there is no auxiliary head here to learn from');
    return this.auxiliary;
  }

  private get topHere(): TopTrainer {
    if (!this.top) throw new TandemError('BAD_STATE', 'the server asked for the top, which it holds itself');
    return this.top;
  }
}
