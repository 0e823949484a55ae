import { TandemError } from '../shared/errors.js';
import type { TensorSpec, NdArray } from '../shared/ndarray.js';
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
  async forward(inputs: readonly NdArray[], step: number): Promise<readonly NdArray[]> {
    let tensors = inputs;
    for (const { loaded } of this.held) ({ outputs: tensors } = await loaded.forward({ inputs: tensors }, step));
    return tensors;
  }

  /** The gradients of the chain's inputs; none where its lowest segment reads the data. */
  async backward(outputGradients: readonly NdArray[]): Promise<readonly NdArray[]> {
    let gradients = outputGradients;
    for (const { loaded } of [...this.held].reverse()) gradients = await loaded.backward(gradients);
    return gradients;
  }

  async update(): Promise<void> {
    for (const { loaded } of this.held) await loaded.update();
  }

  /** In inference mode; changes nothing. */
  async predict(inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
    let tensors = inputs;
    for (const { loaded } of this.held) ({ outputs: tensors } = await loaded.predict({ inputs: tensors }));
    return tensors;
  }
}

function shapes(specs: readonly TensorSpec[]): string {
  return specs.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join(' ');
}
