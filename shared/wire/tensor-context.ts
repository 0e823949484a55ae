import type { CodecContext } from './codec.js';
import type { TensorWay } from './pack-tensor.js';
import { seedOf } from './seed-of.js';

/** What a codec is told of a tensor of a message. Seeds and samples are drawn when it asks: most codecs ask for few of them. */
export class TensorContext implements CodecContext {
  readonly learns: boolean;
  readonly once: boolean;
  readonly loss: number | null;

  constructor(
    private readonly way: Omit<TensorWay, 'codec'>,
    readonly shape: readonly number[],
    private readonly place: number,
  ) {
    this.learns = way.learns;
    this.once = way.once ?? false;
    this.loss = way.loss ?? null;
  }

  get seed(): number {
    return seedOf(this.way.seed, this.place);
  }

  get fixedSeed(): number {
    return seedOf(this.way.fixedSeed, this.place);
  }

  get samples(): Int32Array | null {
    return this.way.samples;
  }
}

/** The same for values of another shape, of which nobody knows the samples. */
export class InnerContext implements CodecContext {
  readonly samples = null;

  constructor(
    private readonly outer: CodecContext,
    readonly shape: readonly number[],
  ) {}

  get learns(): boolean {
    return this.outer.learns;
  }

  get once(): boolean {
    return this.outer.once ?? false;
  }

  get loss(): number | null {
    return this.outer.loss ?? null;
  }

  get seed(): number {
    return this.outer.seed;
  }

  get fixedSeed(): number {
    return this.outer.fixedSeed;
  }
}

/** A context as plain data, which a codec of a user's own may take apart. */
export function plainContext(context: CodecContext): CodecContext {
  const { shape, learns, once, loss, seed, fixedSeed, samples } = context;
  return { shape, learns, once, loss, seed, fixedSeed, samples };
}
