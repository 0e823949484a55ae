import { TandemError } from '../shared/errors.js';
import type { Segment } from '../shared/engine/engine.js';
import type { TensorSpec, NdArray } from '../shared/ndarray.js';
import { forward, predict, type Pass } from '../shared/step/walk.js';
import type { HeldSegment } from './held-segment.js';

/** One or more segments of this party that stand one above the other, each with its own optimizer, used as if they were one. */
export class SegmentChain {
  /**
   * `held` lists the segments from the bottom up. Throws BAD_MESSAGE when one does not take what the one below makes, or
   * when there is none and `mayBeEmpty` is false: a party with labels only has nothing below the cut.
   */
  constructor(
    readonly held: readonly HeldSegment[],
    { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
  ) {
    if (held.length === 0 && !mayBeEmpty)
      throw new TandemError('BAD_MESSAGE', 'the model definition gives this party no segment');
    held.slice(1).forEach(({ part }, i) => {
      const below = held[i]?.part.spec.outputs ?? [];
      if (shapes(below) === shapes(part.spec.inputs)) return;
      throw new TandemError('BAD_MESSAGE', `segment ${part.spec.index} does not take what the one below it makes`);
    });
  }

  get inputs(): readonly TensorSpec[] {
    return this.held[0]?.part.spec.inputs ?? [];
  }

  get outputs(): readonly TensorSpec[] {
    return this.held.at(-1)?.part.spec.outputs ?? [];
  }

  /** In training mode. `step` counts the steps before this one. */
  forward(inputs: readonly NdArray[], step: number): Promise<Pass> {
    return forward(this.segments, inputs, step);
  }

  /** In inference mode; changes nothing. */
  async predict(inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
    return (await predict(this.segments, inputs)).outputs;
  }

  private get segments(): Segment[] {
    return this.held.map(({ loaded }) => loaded);
  }
}

function shapes(specs: readonly TensorSpec[]): string {
  return specs.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join(' ');
}
