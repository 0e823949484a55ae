import type { Batch } from '../shared/data/dataset.js';
import type { Engine } from '../shared/engine/engine.js';
import { checkBatch, gradientSpecs } from '../shared/contract.js';
import { TandemError } from '../shared/errors.js';
import type { ReportedScores } from '../shared/metrics/reported-scores.js';
import { decodeSegments, encodeSegments } from '../shared/model/bottom-payload.js';
import type { NdArray } from '../shared/ndarray.js';
import type { Message } from '../shared/protocol/messages.js';
import { decodeModelDefinition, partsOf, type ModelDefinition } from '../shared/protocol/model-definition.js';
import { HeldSegment } from './held-segment.js';
import { SegmentChain } from './segment-chain.js';
import { TopParty } from './top-party.js';

/**
 * The client's bottom model, of one or more segments, and its top where labels stay here. This is the client's half of the way data flows;
 * server/lane.ts is the other half. The segments and the data stay here; what leaves is what these methods return.
 */
export class BottomParty {
  private readonly bottom: SegmentChain;
  private readonly top: TopParty | undefined;
  /** The labels of the step or query under way, where they stay here. */
  private labels: readonly NdArray[] = [];

  private constructor(
    private readonly definition: ModelDefinition,
    private readonly options: { readonly seed: number; readonly client: number; readonly maxRows: number },
    engine: Engine,
  ) {
    const bottoms = partsOf(definition, 'bottom').map((part) => new HeldSegment(part, { ...options, engine }));
    this.bottom = new SegmentChain(bottoms);
    const [top] = partsOf(definition, 'top');
    const loss = definition.loss ?? undefined;
    this.top =
      top &&
      loss &&
      new TopParty(new HeldSegment(top, { ...options, engine, loss }), definition.metrics, options.maxRows);
  }

  /** Reads the definition the server sent. The weights follow in a `bottom` message. */
  static open(payload: Uint8Array, engine: Engine, options: BottomParty['options']): BottomParty {
    return new BottomParty(decodeModelDefinition(payload), options, engine);
  }

  /** Whether the top and the loss are here, so that labels stay. */
  get holdsTop(): boolean {
    return this.top !== undefined;
  }

  /** Throws BAD_SHAPE, BAD_VALUE or BAD_LABEL when a batch does not fit the model. */
  check({ inputs, labels }: Batch): void {
    const contract = { tensors: this.bottom.inputs, labels: this.definition.labels };
    checkBatch({ ...contract, maxRows: this.options.maxRows }, inputs, labels, 'input');
  }

  /** Takes weights of all segments, and with them the optimizers' state if it came along. */
  async load({ updates, payload }: Message<'bottom'>): Promise<void> {
    const contents = decodeSegments(this.parts, updates, payload);
    for (const [i, held] of this.held.entries()) {
      const content = contents[i];
      if (content) await held.load(content);
    }
  }

  /** batch (checked) -> bottom.forward -> smashed */
  async smash(batch: Batch, step: number): Promise<Message<'smashed'>> {
    const tensors = await this.bottom.forward(batch.inputs, step - 1);
    return { type: 'smashed', step, tensors, labels: this.keep(batch.labels) };
  }

  /** middle output -> top.forward -> loss -> top.backward -> top gradient, where the top is here. */
  async judge(message: Message<'middleOutput'>): Promise<Message<'topGradient'>> {
    if (this.labels.length === 0) throw new TandemError('BAD_LABEL', `step ${message.step} has no labels`);
    return this.topHere.learn(message, this.labels);
  }

  /** -> top.update, while the gradient is on its way. */
  async updateTop(): Promise<void> {
    await this.topHere.update();
  }

  /** cut gradient -> bottom.backward -> bottom.update */
  async learn({ tensors }: Message<'cutGradient'>): Promise<void> {
    const specs = gradientSpecs(this.bottom.outputs);
    checkBatch({ tensors: specs, labels: [], maxRows: this.options.maxRows }, tensors, [], 'cut gradient');
    await this.bottom.backward(tensors);
    await this.bottom.update();
  }

  /** batch -> bottom.predict -> smashed, in inference mode. */
  async query(batch: Batch, id: number): Promise<Message<'query'>> {
    this.check(batch);
    const tensors = await this.bottom.predict(batch.inputs);
    return { type: 'query', id, tensors, labels: this.keep(batch.labels) };
  }

  /** prediction -> the model's outputs, through the top where it is here. */
  async finish({
    tensors,
    loss,
  }: Message<'prediction'>): Promise<{ outputs: readonly NdArray[]; loss: number | null }> {
    return this.top ? this.top.predict(tensors, this.labels) : { outputs: tensors, loss };
  }

  /** Begins an evaluation of the samples that stay here. */
  beginScores(): void {
    this.top?.beginScores();
  }

  /** prediction -> top.predict -> loss and metrics, summed over the evaluation so far. */
  async score({ tensors }: Message<'prediction'>): Promise<ReportedScores> {
    return this.topHere.score(tensors, this.labels);
  }

  /** The segments as they are now, with the optimizers' state if it is to be handed over. */
  async upload(round: number, withOptimizer: boolean): Promise<Message<'bottom'>> {
    const contents = await Promise.all(this.held.map((held) => held.content(withOptimizer)));
    const updates = contents[0]?.optimizer?.updates ?? null;
    return { type: 'bottom', round, updates, payload: encodeSegments(this.parts, contents) };
  }

  dispose(): void {
    this.held.forEach((held) => held.dispose());
  }

  /** The labels to send: none where they stay. */
  private keep(labels: readonly NdArray[]): readonly NdArray[] {
    if (!this.top) return labels;
    this.labels = labels;
    return [];
  }

  private get held(): HeldSegment[] {
    return this.top ? [...this.bottom.held, this.top.held] : [...this.bottom.held];
  }

  private get parts() {
    return this.held.map(({ part }) => part);
  }

  private get topHere(): TopParty {
    if (!this.top) throw new TandemError('BAD_STATE', 'the server asked for the top, which it holds itself');
    return this.top;
  }
}
