import { HeldSegment, type HeldOptions } from '../client/held-segment.js';
import { SegmentChain } from '../client/segment-chain.js';
import { checkAlike, checkBatch, gradientSpecs } from '../shared/contract.js';
import type { HeldPart, SegmentContent } from '../shared/model/bottom-payload.js';
import type { NdArray } from '../shared/ndarray.js';
import type { Message } from '../shared/protocol/messages.js';
import { backward, update, type Pass } from '../shared/step/walk.js';

export interface MiddleOptions extends Omit<HeldOptions, 'loss'> {
  readonly maxRows: number;
}

/**
 * Trains one client's middle at a relay. This is a relay's part of the way data flow: what client/bottom-trainer.ts sends goes up
 * through it, and what server/lane/lane.ts replies comes down through it.
 */
export class MiddleTrainer {
  private readonly middle: SegmentChain;
  /** The step under way, until the middle has learned from it. */
  private pass: Pass | undefined;

  constructor(
    parts: readonly HeldPart[],
    private readonly options: MiddleOptions,
  ) {
    this.middle = new SegmentChain(parts.map((part) => new HeldSegment(part, options)));
  }

  async load(contents: readonly SegmentContent[]): Promise<void> {
    for (const [i, held] of this.middle.held.entries()) {
      const content = contents[i];
      if (content) await held.load(content);
    }
  }

  /** smashed (checked) -> middle.forward -> smashed of the cut above */
  async forward({ step, tensors, labels }: Message<'smashed'>): Promise<Message<'smashed'>> {
    this.pass = await this.middle.forward(tensors, step - 1);
    return { type: 'smashed', step, tensors: this.pass.outputs, labels };
  }

  /** cut gradient -> middle.backward -> cut gradient of the cut below. Throws BAD_SHAPE or BAD_VALUE, nothing changed. */
  async backward({ tensors }: Message<'cutGradient'>, request: Message<'smashed'>): Promise<readonly NdArray[]> {
    const contract = { tensors: gradientSpecs(this.middle.outputs), labels: [], maxRows: this.options.maxRows };
    checkBatch(contract, tensors, [], 'cut gradient');
    checkAlike(tensors, request.tensors, 'cut gradient');
    return this.pass ? backward(this.pass, tensors) : [];
  }

  /** -> middle.update; on its own, so that the gradient is on its way down while the weights move. */
  async update(): Promise<void> {
    if (this.pass) await update(this.pass);
    this.pass = undefined;
  }

  /** query (checked) -> middle.predict -> query of the cut above, in inference mode. */
  async query({ id, tensors, labels }: Message<'query'>): Promise<Message<'query'>> {
    return { type: 'query', id, tensors: await this.middle.predict(tensors), labels };
  }

  /** The segments as they are now, with the optimizers' state if it is to be handed over. */
  contents(withOptimizer: boolean): Promise<SegmentContent[]> {
    return Promise.all(this.middle.held.map((held) => held.content(withOptimizer)));
  }

  dispose(): void {
    this.middle.held.forEach((held) => held.dispose());
  }
}
