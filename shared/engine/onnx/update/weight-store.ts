import { TandemError } from '../../../errors.js';
import { showShape, sizeOf, type NdArray } from '../../../ndarray.js';
import type { WeightSpec } from '../../../model/segment-spec.js';
import { slotsOf, type OptimizerSpec, type OptimizerState } from '../../optimizer.js';
import { ALIGNMENT, reserve, type Region } from './arena.js';
import { ProximalTerm } from '../../proximal.js';
import { createFusedUpdate, type FusedUpdate, type UpdateRun } from './fused-update.js';

/**
 * A segment's trainable weights, their gradients and the optimizer's slots, each kind in one run of memory with the same
 * places, so that one pass updates them all and ONNX Runtime reads and writes them where they are. Other weights are
 * plain arrays.
 */
export class WeightStore {
  /** All weights in the order of the spec. A trainable one's array is its place in memory. */
  readonly weights: NdArray[];
  /** Where the gradient of each trainable weight belongs. */
  readonly gradients: readonly Float32Array[];
  private readonly slots: readonly (readonly Float32Array[])[];
  /** Trainable weights that have been updated: others have no slots yet. */
  private readonly started: boolean[];
  private readonly region: Region;
  private readonly apply: FusedUpdate;
  private readonly places: readonly { readonly offset: number; readonly bytes: number }[];
  private readonly runBytes: number;
  private readonly proximal: ProximalTerm | undefined;
  private updates = 0;

  constructor(
    private readonly specs: readonly WeightSpec[],
    optimizer: OptimizerSpec,
  ) {
    this.proximal = optimizer.proximal === undefined ? undefined : new ProximalTerm(optimizer.proximal, specs);
    const trainable = specs.filter((spec) => spec.trainable);
    let offset = 0;
    this.places = trainable.map((spec) => {
      const bytes = Math.ceil((sizeOf(spec.shape) * 4) / ALIGNMENT) * ALIGNMENT;
      return { offset: (offset += bytes) - bytes, bytes };
    });
    this.runBytes = offset;
    const kinds = 2 + slotsOf(optimizer);
    this.region = reserve(this.runBytes * kinds);
    this.apply = createFusedUpdate(optimizer, this.region.memory);
    const run = (kind: number) =>
      trainable.map((spec, i) => {
        const start = this.region.start + kind * this.runBytes + (this.places[i]?.offset ?? 0);
        return new Float32Array(this.region.memory.buffer, start, sizeOf(spec.shape));
      });
    const values = run(0);
    this.gradients = run(1);
    const slots = Array.from({ length: kinds - 2 }, (_, i) => run(2 + i));
    this.slots = trainable.map((_, i) => slots.map((slot) => slot[i] as Float32Array));
    this.started = trainable.map(() => false);
    let next = 0;
    this.weights = specs.map((spec) => ({
      dtype: spec.dtype,
      shape: spec.shape,
      data: spec.trainable ? (values[next++] as Float32Array) : new Float32Array(sizeOf(spec.shape)),
    }));
  }

  /** Throws BAD_SHAPE when the values do not fit. */
  setWeights(values: readonly NdArray[]): void {
    if (values.length !== this.specs.length) {
      throw new TandemError('BAD_SHAPE', `the segment has ${this.specs.length} weights, ${values.length} were given`);
    }
    this.specs.forEach((spec, i) => {
      const value = values[i];
      if (value?.data.length !== sizeOf(spec.shape)) {
        const given = showShape(value?.shape ?? []);
        const place = `weight ${spec.index} of '${spec.layer}'`;
        throw new TandemError('BAD_SHAPE', `${place} has shape ${showShape(spec.shape)}, ${given} was given`);
      }
    });
    values.forEach((value, i) => {
      if (this.specs[i]?.trainable) this.weights[i]?.data.set(value.data);
      else this.replace(i, value.data.slice());
    });
    this.proximal?.start(values);
  }

  /** Puts a new array in the place of a weight that is not trained; readers of the old one keep it. */
  replace(index: number, data: NdArray['data']): void {
    const { dtype, shape } = this.specs[index] as WeightSpec;
    this.weights[index] = { dtype, shape, data };
  }

  copy(): NdArray[] {
    return this.weights.map(({ dtype, shape, data }) => ({ dtype, shape, data: data.slice() }));
  }

  /** Updates the trainable weights that have a gradient. */
  update(hasGradient: readonly boolean[]): void {
    this.pull(hasGradient);
    this.apply(this.runs(hasGradient), this.updates++);
    hasGradient.forEach((has, i) => (this.started[i] ||= has));
  }

  optimizerState(): OptimizerState {
    const slots = this.slots.map((list, i) => (this.started[i] ? list.map((slot) => slot.slice()) : []));
    return { updates: this.updates, slots, ...(this.proximal ? { anchor: this.proximal.copy() } : {}) };
  }

  restoreOptimizer({ updates, slots, anchor }: OptimizerState): void {
    this.updates = updates;
    if (anchor) this.proximal?.restore(anchor);
    this.slots.forEach((list, i) => {
      const saved = slots[i] ?? [];
      this.started[i] = saved.length > 0;
      list.forEach((slot, j) => {
        const values = saved[j];
        if (values) slot.set(values);
        else slot.fill(0);
      });
    });
  }

  free(): void {
    this.region.free();
  }

  /** Adds the proximal term, if there is one, to the gradients there are. */
  private pull(hasGradient: readonly boolean[]): void {
    if (!this.proximal) return;
    const trainable = this.weights.filter((_, i) => this.specs[i]?.trainable);
    this.gradients.forEach((gradient, i) => {
      if (hasGradient[i]) this.proximal?.addTo(gradient, trainable[i]?.data ?? [], i);
    });
  }

  /** Neighbouring weights that have a gradient are one run. */
  private runs(hasGradient: readonly boolean[]): UpdateRun[] {
    const runs: UpdateRun[] = [];
    let begin: number | undefined;
    const close = (end: number) => {
      if (begin !== undefined && end > begin) {
        const at = this.region.start + begin;
        const address = (kind: number) => at + kind * this.runBytes;
        const vectors = (end - begin) / 16;
        runs.push({ weights: at, gradients: address(1), first: address(2), second: address(3), vectors });
      }
      begin = undefined;
    };
    this.places.forEach(({ offset }, i) => {
      if (hasGradient[i]) begin ??= offset;
      else close(offset);
    });
    close(this.runBytes);
    return runs;
  }
}
