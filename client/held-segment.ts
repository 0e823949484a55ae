import type { Engine, Segment } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { HeldPart, SegmentContent } from '../shared/model/bottom-payload.js';
import type { Loss } from '../shared/model/loss.js';

export interface HeldOptions {
  readonly engine: Engine;
  readonly seed: number;
  /** The client's place: the stream of its random numbers. */
  readonly client: number;
  readonly loss?: Loss;
}

/** A segment of this client, from its definition to its weights, which come later and more than once. */
export class HeldSegment {
  private segment: Segment | undefined;

  constructor(
    readonly part: HeldPart,
    private readonly options: HeldOptions,
  ) {}

  /** Takes weights, and with them the optimizer's state if it came along. */
  async load({ weights, optimizer }: SegmentContent): Promise<void> {
    if (!this.segment) {
      const { engine, seed, client: stream, loss } = this.options;
      const own = loss === undefined ? {} : { loss };
      this.segment = await engine.segment({ ...this.part, weights, seed, stream, ...own });
    }
    if (optimizer) await this.segment.restore({ weights, optimizer });
    else await this.segment.setWeights(weights);
  }

  /** Throws BAD_STATE before any weights have come. */
  get loaded(): Segment {
    if (!this.segment) throw new TandemError('BAD_STATE', 'the server asked for work before it sent the weights');
    return this.segment;
  }

  /** The segment as it is now, with the optimizer's state if it is to be handed over. */
  async content(withOptimizer: boolean): Promise<SegmentContent> {
    const { weights, optimizer } = await this.loaded.state();
    return { weights, optimizer: withOptimizer ? optimizer : null };
  }

  dispose(): void {
    this.segment?.dispose();
  }
}
