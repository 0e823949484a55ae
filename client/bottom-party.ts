import type { Batch } from '../shared/data/dataset.js';
import type { Engine, Segment } from '../shared/engine/engine.js';
import { checkBatch } from '../shared/contract.js';
import { TandemError } from '../shared/errors.js';
import { decodeSegment, encodeSegment } from '../shared/model/bottom-payload.js';
import type { Message } from '../shared/protocol/messages.js';
import { decodeModelDefinition, type ModelDefinition } from '../shared/protocol/model-definition.js';

/**
 * The client's bottom model. This is the client's half of the way data flows; server/lane.ts is the other half. The bottom
 * and the data stay here; what leaves is what these methods return.
 */
export class BottomParty {
  private constructor(
    private readonly definition: ModelDefinition,
    private readonly engine: Engine,
    private readonly options: { readonly seed: number; readonly client: number; readonly maxRows: number },
  ) {}

  private segment: Segment | undefined;

  /** Reads the definition the server sent. The weights follow in a `bottom` message. */
  static open(payload: Uint8Array, engine: Engine, options: BottomParty['options']): BottomParty {
    return new BottomParty(decodeModelDefinition(payload), engine, options);
  }

  /** Throws BAD_SHAPE, BAD_VALUE or BAD_LABEL when a batch does not fit the model. */
  check({ inputs, labels }: Batch): void {
    const { spec, labels: labelSpecs } = this.definition;
    checkBatch({ tensors: spec.inputs, labels: labelSpecs, maxRows: this.options.maxRows }, inputs, labels, 'input');
  }

  /** Takes weights, and with them the optimizer's state if it came along. */
  async load({ updates, payload }: Message<'bottom'>): Promise<void> {
    const { spec, optimizer } = this.definition;
    const content = decodeSegment(spec, optimizer, updates, payload);
    if (!this.segment) {
      const { seed, client: stream } = this.options;
      this.segment = await this.engine.segment({ spec, weights: content.weights, optimizer, seed, stream });
    }
    if (content.optimizer) await this.segment.restore({ weights: content.weights, optimizer: content.optimizer });
    else await this.segment.setWeights(content.weights);
  }

  /** batch (checked) -> bottom.forward -> smashed */
  async smash(batch: Batch, step: number): Promise<Message<'smashed'>> {
    const { outputs } = await this.loaded.forward({ inputs: batch.inputs }, step - 1);
    return { type: 'smashed', step, tensors: outputs, labels: batch.labels };
  }

  /** cut gradient -> bottom.backward -> bottom.update */
  async learn({ tensors }: Message<'cutGradient'>): Promise<void> {
    checkBatch(
      { tensors: this.definition.spec.outputs, labels: [], maxRows: this.options.maxRows },
      tensors,
      [],
      'cut gradient',
    );
    await this.loaded.backward(tensors);
    await this.loaded.update();
  }

  /** batch -> bottom.predict -> smashed, in inference mode. */
  async query(batch: Batch, id: number): Promise<Message<'query'>> {
    this.check(batch);
    const { outputs } = await this.loaded.predict({ inputs: batch.inputs });
    return { type: 'query', id, tensors: outputs, labels: batch.labels };
  }

  /** The bottom as it is now, with the optimizer's state if it is to be handed over. */
  async upload(round: number, withOptimizer: boolean): Promise<Message<'bottom'>> {
    const { spec, optimizer } = this.definition;
    const state = await this.loaded.state();
    const content = { weights: state.weights, optimizer: withOptimizer ? state.optimizer : null };
    const updates = withOptimizer ? state.optimizer.updates : null;
    return { type: 'bottom', round, updates, payload: encodeSegment(spec, optimizer, content) };
  }

  dispose(): void {
    this.segment?.dispose();
  }

  private get loaded(): Segment {
    if (!this.segment) throw new TandemError('BAD_STATE', 'the server asked for work before it sent the bottom model');
    return this.segment;
  }
}
