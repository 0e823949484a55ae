import type { Batch } from '../shared/data/dataset.js';
import type { Engine, SegmentState } from '../shared/engine/engine.js';
import { checkBatch } from '../shared/contract.js';
import { TandemError } from '../shared/errors.js';
import type { ReportedScores } from '../shared/metrics/reported-scores.js';
import type { NdArray } from '../shared/ndarray.js';
import type { Message } from '../shared/protocol/messages.js';
import { partsOf, type ModelDefinition } from '../shared/protocol/model-definition.js';
import { loadSegments, restoreSegments, segmentStates, uploadSegments } from './held-segment.js';
import type { TrainerOptions, Practice } from './trainer-options.js';
import { TopTrainer } from './top-trainer.js';

/** Trains and scores the undivided model at a client; only weights and numbers are sent. */
export class WholeTrainer {
  readonly holds = 'whole';
  private readonly whole: TopTrainer;

  /** Takes the definition the server sent. The weights follow in a `bottom` message. */
  constructor(
    private readonly definition: ModelDefinition,
    private readonly options: TrainerOptions,
    engine: Engine,
  ) {
    const [part] = partsOf(definition, 'whole');
    if (!part) throw new TandemError('BAD_MESSAGE', 'the model definition has no whole model');
    this.whole = TopTrainer.of(part, definition, { ...options, engine });
  }

  /** Throws BAD_SHAPE, BAD_VALUE or BAD_LABEL when a batch does not fit the model. */
  check({ inputs, labels }: Batch): void {
    const contract = { tensors: this.whole.held.part.spec.inputs, labels: this.definition.labels };
    checkBatch({ ...contract, maxRows: this.options.maxRows }, inputs, labels, 'input');
  }

  load(message: Message<'bottom'>): Promise<void> {
    return loadSegments([this.whole.held], message);
  }

  /** batch (checked) -> forward -> loss -> backward -> update. Throws BAD_VALUE on a broken loss. */
  async practise({ inputs, labels }: Batch, step: number): Promise<Practice<'trained'>> {
    const { loss } = await this.whole.learn(step, inputs, labels);
    await this.whole.update();
    const samples = inputs[0]?.shape[0] ?? 0;
    return { message: { type: 'trained', step, samples, loss }, loss };
  }

  /** Begins an evaluation. */
  beginScores(): void {
    this.whole.beginScores();
  }

  /** batch -> predict -> loss and metrics, summed over the evaluation so far. */
  async examine(batch: Batch): Promise<ReportedScores> {
    this.check(batch);
    return this.whole.score(batch.inputs, batch.labels);
  }

  /** batch -> predict; the loss too where there are labels. */
  async predict(batch: Batch): Promise<{ outputs: readonly NdArray[]; loss: number | null }> {
    this.check(batch);
    return this.whole.predict(batch.inputs, batch.labels);
  }

  upload(round: number, withOptimizer: boolean): Promise<Message<'bottom'>> {
    return uploadSegments([this.whole.held], round, withOptimizer);
  }

  /** Weights and optimizer, between two steps; null before any weights have come. */
  snapshot(): Promise<SegmentState[] | null> {
    return segmentStates([this.whole.held]);
  }

  restore(states: readonly SegmentState[]): Promise<void> {
    return restoreSegments([this.whole.held], states);
  }

  dispose(): void {
    this.whole.held.dispose();
  }
}
