import type { Engine, Segment } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { CutModel } from '../shared/model/cut.js';
import type { NdArray } from '../shared/ndarray.js';
import type { Message } from '../shared/protocol/messages.js';
import { optimizerOf, type Task } from '../shared/task.js';

/**
 * One replica of the server's segments. A pure fold: its state after a step depends on the state before and the
 * smashed data alone. This is the server's half of the way data flows; client/bottom-party.ts is the other half.
 */
export class Lane {
  private step = 0;

  private constructor(private readonly segments: readonly Segment[]) {}

  /** `stream` tells the random numbers of a client's lane from those of another's; 0 for a shared one. */
  static async create(
    task: Task,
    cut: CutModel,
    first: number,
    engine: Engine,
    seed: number,
    stream = 0,
  ): Promise<Lane> {
    const last = cut.specs.length - 1;
    const segments = cut.specs.slice(first).map((spec) =>
      engine.segment({
        spec,
        weights: cut.weights[spec.index] ?? [],
        optimizer: optimizerOf(task, spec.index),
        ...(spec.index === last ? { loss: task.loss } : {}),
        ...(task.source === undefined ? {} : { source: task.source }),
        seed,
        stream,
      }),
    );
    return new Lane(await Promise.all(segments));
  }

  /** smashed -> top.forward -> loss -> top.backward -> cut gradient. Throws BAD_VALUE on a broken loss. */
  async learn({ tensors, labels, step }: Message<'smashed'>): Promise<{ loss: number; cutGradient: NdArray[] }> {
    const loss = await this.forward(tensors, labels);
    if (!Number.isFinite(loss)) {
      throw new TandemError(
        'BAD_VALUE',
        `the loss of step ${step} is ${loss}`,
        'lower the learning rate or check the data',
        step,
      );
    }
    return { loss, cutGradient: await this.backward() };
  }

  /** -> top.update; on its own, so that the cut gradient is on its way while the weights move. */
  async update(): Promise<void> {
    for (const segment of this.segments) await segment.update();
    this.step++;
  }

  /** smashed -> top.predict; changes nothing. */
  async predict(
    tensors: readonly NdArray[],
    labels: readonly NdArray[],
  ): Promise<{ outputs: NdArray[]; loss: number | null }> {
    let inputs: readonly NdArray[] = tensors;
    let loss: number | undefined;
    for (const segment of this.segments) {
      const result = await segment.predict(labels.length > 0 ? { inputs, labels } : { inputs });
      ({ outputs: inputs, loss } = result);
    }
    return { outputs: [...inputs], loss: loss ?? null };
  }

  /** The weights of each of the lane's segments. */
  weights(): Promise<NdArray[][]> {
    return Promise.all(this.segments.map((segment) => segment.weights()));
  }

  /** Takes averaged weights, one list a segment; the optimizers keep their state. */
  async setWeights(weights: readonly (readonly NdArray[])[]): Promise<void> {
    await Promise.all(this.segments.map((segment, i) => segment.setWeights(weights[i] ?? [])));
  }

  dispose(): void {
    this.segments.forEach((segment) => segment.dispose());
  }

  private async forward(tensors: readonly NdArray[], labels: readonly NdArray[]): Promise<number> {
    let inputs: readonly NdArray[] = tensors;
    let loss: number | undefined;
    for (const [index, segment] of this.segments.entries()) {
      const last = index === this.segments.length - 1;
      ({ outputs: inputs, loss } = await segment.forward(last ? { inputs, labels } : { inputs }, this.step));
    }
    return loss ?? NaN;
  }

  private async backward(): Promise<NdArray[]> {
    let gradient: NdArray[] | undefined;
    for (const segment of [...this.segments].reverse()) gradient = await segment.backward(gradient);
    return gradient ?? [];
  }
}
