import type { ForwardResult, Segment } from '../engine/engine.js';
import type { NdArray } from '../ndarray.js';

/** A forward pass through segments that stand one above the other, from the bottom up: what it made, and what its way back goes through. */
export interface Pass extends ForwardResult {
  readonly segments: readonly Segment[];
}

/** In training mode. `step` counts the steps before this one; `labels` where the uppermost segment has the loss. */
export async function forward(
  segments: readonly Segment[],
  inputs: readonly NdArray[],
  step: number,
  labels?: readonly NdArray[],
): Promise<Pass> {
  return { segments, ...(await climb(segments, inputs, labels, (segment, batch) => segment.forward(batch, step))) };
}

/** The gradients of the pass's inputs; none where its lowest segment reads the data. A segment goes back from its last forward pass. */
export async function backward({ segments }: Pass, outputGradients?: readonly NdArray[]): Promise<readonly NdArray[]> {
  let gradients = outputGradients;
  for (const segment of [...segments].reverse()) gradients = await segment.backward(gradients);
  return gradients ?? [];
}

/** By itself, so that the gradient is on its way while the weights move. */
export async function update({ segments }: Pass): Promise<void> {
  for (const segment of segments) await segment.update();
}

/** In inference mode; changes nothing. */
export function predict(
  segments: readonly Segment[],
  inputs: readonly NdArray[],
  labels?: readonly NdArray[],
): Promise<ForwardResult> {
  return climb(segments, inputs, labels, (segment, batch) => segment.predict(batch));
}

async function climb(
  segments: readonly Segment[],
  inputs: readonly NdArray[],
  labels: readonly NdArray[] | undefined,
  through: (segment: Segment, batch: Parameters<Segment['predict']>[0]) => Promise<ForwardResult>,
): Promise<ForwardResult> {
  let result: ForwardResult = { outputs: [...inputs] };
  for (const segment of segments) {
    const isLast = labels !== undefined && segment === segments.at(-1);
    result = await through(segment, isLast ? { inputs: result.outputs, labels } : { inputs: result.outputs });
  }
  return result;
}
