import { hasMemory, type Segment, type SegmentState } from '../../shared/engine/engine.js';

/**
 * What segments were before a forward pass that changes them: batch normalisation moves its averages, so their weights; a stateful
 * layer its state, so all of it.
 */
export class BeforeStep {
  private readonly states = new Map<Segment, SegmentState | Pick<SegmentState, 'weights'>>();

  async remember(segments: readonly Segment[]): Promise<void> {
    this.forget();
    for (const segment of segments) {
      if (hasMemory(segment.spec)) this.states.set(segment, await segment.state());
      else if (segment.spec.weights.some(({ trainable }) => !trainable)) {
        this.states.set(segment, { weights: await segment.weights() });
      }
    }
  }

  of(segment: Segment): Partial<SegmentState> | undefined {
    return this.states.get(segment);
  }

  /** Undoes a forward pass that no update will follow. */
  async undo(): Promise<void> {
    for (const [segment, before] of this.states) {
      if ('optimizer' in before) await segment.restore(before);
      else await segment.setWeights(before.weights);
    }
    this.forget();
  }

  forget(): void {
    this.states.clear();
  }
}
