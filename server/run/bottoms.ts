import type { OptimizerSpec } from '../../shared/engine/optimizer.js';
import { decodeSegment, encodeSegment, type SegmentContent } from '../../shared/model/bottom-payload.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Schedule } from '../../shared/schedules.js';
import { averageWeights } from '../aggregate.js';

/** The bottom model between turns: what the next clients start from, and what the clients of this turn have sent back. */
export class Bottoms {
  private uploads = new Map<number, { content: SegmentContent; samples: number }>();
  private current: SegmentContent;

  constructor(
    private readonly spec: SegmentSpec,
    private readonly optimizer: OptimizerSpec,
    private readonly schedule: Schedule,
    weights: readonly NdArray[],
  ) {
    this.current = { weights, optimizer: null };
  }

  get weights(): readonly NdArray[] {
    return this.current.weights;
  }

  get handsOverOptimizer(): boolean {
    return this.schedule.bottoms === 'handed-over';
  }

  /** What a client starts from. */
  message(round: number): Message<'bottom'> {
    const payload = encodeSegment(this.spec, this.optimizer, this.current);
    return { type: 'bottom', round, updates: this.current.optimizer?.updates ?? null, payload };
  }

  /** Throws BAD_SHAPE or BAD_VALUE when the message does not hold this bottom. */
  upload(client: number, { updates, payload }: Message<'bottom'>, samples: number): void {
    this.uploads.set(client, { content: decodeSegment(this.spec, this.optimizer, updates, payload), samples });
  }

  /** Makes one bottom of what the clients sent; without any, the last one stays. */
  merge(): void {
    const uploads = [...this.uploads.entries()];
    this.uploads = new Map();
    const last = uploads.at(-1)?.[1];
    if (!last) return;
    this.current = this.handsOverOptimizer
      ? last.content
      : {
          weights: averageWeights(
            uploads.map(([client, { content, samples }]) => ({ client, samples, weights: content.weights })),
          ),
          optimizer: null,
        };
  }
}
