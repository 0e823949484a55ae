import type { Batch } from '../shared/data/dataset.js';
import type { Segment } from '../shared/engine/engine.js';
import type { NdArray } from '../shared/ndarray.js';
import { backward, forward, update, type Pass } from '../shared/step/walk.js';
import type { Codec } from '../shared/wire/codec.js';
import { packTensor, unpackTensor, type TensorWay } from '../shared/wire/pack-tensor.js';
import { TensorContext } from '../shared/wire/tensor-context.js';
import { seedOf } from '../shared/wire/seed-of.js';
import type { WireState } from '../shared/wire/wire-state.js';

/** How smashed data and cut gradients travel; null for float32 as it is. */
export interface CutCodecs {
  readonly up: Codec | null;
  readonly down: Codec | null;
  readonly seed: number;
}

/** A chain of segments with codecs at its cuts: what they change is held against what they declare. */
export class CodedCuts {
  /** The largest error of a value, and the largest share of the bound that its codec declared for it. */
  largestError = 0;
  largestShare = 0;
  private sent: WireState = {};
  private received: WireState = {};

  constructor(private readonly codecs: CutCodecs) {}

  /** One step; returns the gradients of each segment's weights. */
  async step(
    segments: readonly Segment[],
    { inputs, labels }: Batch,
    step: number,
    samples: Int32Array,
  ): Promise<NdArray[][]> {
    const passes: Pass[] = [];
    let tensors = inputs;
    for (const [i, segment] of segments.entries()) {
      const isLast = i === segments.length - 1;
      const pass = await forward([segment], tensors, step, isLast ? labels : undefined);
      passes.push(pass);
      tensors = isLast ? [] : this.through('up', i, step, samples, pass.outputs);
    }
    let gradients: readonly NdArray[] | undefined;
    for (const [i, pass] of [...passes.entries()].reverse()) {
      gradients = await backward(pass, gradients);
      if (i > 0) gradients = this.through('down', i, step, samples, gradients);
    }
    const all: NdArray[][] = [];
    for (const segment of segments) all.push(await segment.gradients());
    for (const pass of passes) await update(pass);
    return all;
  }

  private through(
    direction: 'up' | 'down',
    cut: number,
    step: number,
    samples: Int32Array,
    tensors: readonly NdArray[],
  ): NdArray[] {
    const { seed } = this.codecs;
    const stream = `${direction} ${cut}`;
    const way = {
      codec: this.codecs[direction],
      stream,
      learns: true,
      seed: seedOf(seed, stream, step),
      fixedSeed: seedOf(seed, stream),
      samples,
      mostBytes: Infinity,
    };
    return tensors.map((tensor, place) => this.one(tensor, way, place));
  }

  private one(tensor: NdArray, way: TensorWay, place: number): NdArray {
    const state = this.sent[`${way.stream}/${place}`] ?? null;
    const [packed, sent] = packTensor(tensor, way, place, this.sent);
    const [unpacked, received] = unpackTensor(packed, way, place, this.received);
    [this.sent, this.received] = [sent, received];
    if (packed === tensor || !way.codec) return tensor;
    const bound = way.codec.errorBound(tensor.data as Float32Array, new TensorContext(way, tensor.shape, place), state);
    tensor.data.forEach((value, i) => {
      const error = Math.abs(value - (unpacked.data[i] ?? NaN));
      this.largestError = Math.max(this.largestError, error);
      // A float32 cannot be nearer than that.
      if (error > 0) this.largestShare = Math.max(this.largestShare, error / (bound + Math.abs(value) * 2 ** -23));
    });
    return unpacked;
  }
}
