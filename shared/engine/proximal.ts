import type { WeightSpec } from '../model/segment-spec.js';
import type { NdArray } from '../ndarray.js';

/**
 * The proximal term of FedProx (Li et al., 2020, arXiv:1812.06127): half mu times the squared distance to the weights that
 * a segment was last given, so mu * (w - anchor) is added to the gradient of each trainable weight.
 */
export class ProximalTerm {
  /** One array a trainable weight. */
  private anchors: readonly Float32Array[] = [];

  constructor(
    readonly mu: number,
    private readonly specs: readonly WeightSpec[],
  ) {}

  /** A round starts from these weights, all of the segment's. */
  start(weights: readonly NdArray[]): void {
    const trainable = weights.filter((_, i) => this.specs[i]?.trainable);
    this.anchors = trainable.map(({ data }) => Float32Array.from(data));
  }

  /** A round that began elsewhere goes on. */
  restore(anchors: readonly Float32Array[]): void {
    this.anchors = anchors.map((anchor) => anchor.slice());
  }

  copy(): Float32Array[] {
    return this.anchors.map((anchor) => anchor.slice());
  }

  /** The anchor of a trainable weight by its place among them. */
  anchor(index: number): Float32Array {
    return this.anchors[index] ?? new Float32Array();
  }

  /** Adds the term to the gradient of a trainable weight, in place. */
  addTo(gradient: Float32Array, weight: ArrayLike<number>, index: number): void {
    const anchor = this.anchor(index);
    for (let i = 0; i < gradient.length; i++) {
      gradient[i] = (gradient[i] ?? 0) + this.mu * ((weight[i] ?? 0) - (anchor[i] ?? 0));
    }
  }
}
