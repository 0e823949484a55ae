/** Larger memory is not kept for the next time. */
export const MOST_BYTES_KEPT = 2 ** 20;

interface Kinds {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly halves: Uint16Array<ArrayBuffer>;
  readonly floats: Float32Array<ArrayBuffer>;
  readonly doubles: Float64Array<ArrayBuffer>;
}

const makers: { readonly [Kind in keyof Kinds]: new (length: number) => Kinds[Kind] } = {
  bytes: Uint8Array,
  halves: Uint16Array,
  floats: Float32Array,
  doubles: Float64Array,
};

/**
 * Memory for work that has nothing left in it when it returns, used again and again: what V8 allocates outside its heap costs a small message more than its
 * values do.
 */
export class Scratch<Kind extends keyof Kinds> {
  private kept: Kinds[Kind] | undefined;

  constructor(private readonly kind: Kind) {}

  /** So many values, whatever was in them before. What was given out last is then no longer valid. */
  of(length: number): Kinds[Kind] {
    if (this.kept && this.kept.length >= length) return this.kept.subarray(0, length) as Kinds[Kind];
    const values = new makers[this.kind](length);
    if (values.byteLength <= MOST_BYTES_KEPT) this.kept = values;
    return values;
  }
}
