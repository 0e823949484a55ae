import type { Engine, Segment, SegmentState } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import { decodeSegments, encodeSegments, type HeldPart, type SegmentContent } from '../shared/model/bottom-payload.js';
import type { Loss } from '../shared/model/loss.js';
import { checkContents } from '../shared/model/check-content.js';
import type { Message } from '../shared/protocol/messages.js';
import { ofOwn, ofServer } from './break-down.js';

export interface HeldOptions {
  readonly engine: Engine;
  readonly seed: number;
  /** The client's place: the stream of its random numbers. */
  readonly client: number;
  readonly loss?: Loss;
}

/** A segment of this client. Its weights come after its definition, and more than once. */
export class HeldSegment {
  private segment: Segment | undefined;

  constructor(
    readonly part: HeldPart,
    private readonly options: HeldOptions,
  ) {}

  /** Takes weights, and with them the optimizer's state, and what layers remember, if these came along. */
  async load({ weights, optimizer, memory }: SegmentContent & Pick<SegmentState, 'memory'>): Promise<void> {
    if (!this.segment) {
      const { engine, seed, client: stream, loss } = this.options;
      const own = loss === undefined ? {} : { loss };
      this.segment = await engine.segment({ ...this.part, weights, seed, stream, ...own });
    }
    if (optimizer) await this.segment.restore({ weights, optimizer, ...(memory ? { memory } : {}) });
    else await this.segment.setWeights(weights);
  }

  get isLoaded(): boolean {
    return this.segment !== undefined;
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

/** Takes weights of segments, and with them the optimizers' state if it came along. Throws BAD_SHAPE or BAD_VALUE. */
export async function loadSegments(
  held: readonly HeldSegment[],
  { updates, payload }: Message<'bottom'>,
): Promise<void> {
  const contents = ofServer(() => decodeSegments(partsOf(held), updates, payload));
  for (const [i, segment] of held.entries()) {
    const content = contents[i];
    if (content) await segment.load(content);
  }
}

/** Segments as they are now, with the optimizers' state if it is to be handed over. Throws BreakDown for what nothing can be computed with. */
export async function uploadSegments(
  held: readonly HeldSegment[],
  round: number,
  withOptimizer: boolean,
): Promise<Message<'bottom'>> {
  const contents = await Promise.all(held.map((segment) => segment.content(withOptimizer)));
  const updates = contents[0]?.optimizer?.updates ?? null;
  const payload = encodeSegments(partsOf(held), contents);
  // The server makes the same check.
  ofOwn(() => checkContents(partsOf(held), decodeSegments(partsOf(held), updates, payload)));
  return { type: 'bottom', round, updates, payload };
}

/** Segments with their optimizers, between two steps; null before any weights have come. */
export async function segmentStates(held: readonly HeldSegment[]): Promise<SegmentState[] | null> {
  if (!held.every(({ isLoaded }) => isLoaded)) return null;
  return Promise.all(held.map(({ loaded }) => loaded.state()));
}

/** Puts back what `segmentStates` answered. */
export async function restoreSegments(held: readonly HeldSegment[], states: readonly SegmentState[]): Promise<void> {
  for (const [i, segment] of held.entries()) if (states[i]) await segment.load(states[i]);
}

function partsOf(held: readonly HeldSegment[]): HeldPart[] {
  return held.map(({ part }) => part);
}
