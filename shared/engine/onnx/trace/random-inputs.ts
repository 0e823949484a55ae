import { createRng } from '../../../rng.js';
import { sizeOf } from '../../../ndarray.js';
import type { RandomSource } from '../../tfjs/random-layers.js';
import { UntraceableError } from '../lowerings/lowering.js';
import { fillRandom, type Draw } from './alea.js';

/** A random tensor that a layer draws, as a graph input to fill before each step. */
export interface RandomInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly draw: Draw;
  readonly scale: number;
  readonly offset: number;
  readonly layer: string;
  /** The layer's how many-th use in the pass, and its how many-th draw in this use. */
  readonly use: number;
  readonly index: number;
}

interface Pending {
  readonly layer: string;
  readonly use: number;
  readonly index: number;
  readonly seed: number;
}

/**
 * Finds the random tensors of a trace. tfjs has no kernel for them: it seeds a generator from Math.random and fills an
 * array. So Math.random is replaced, and the array that comes next is compared with what that seed gives.
 */
export class RandomRecorder {
  readonly found: RandomInput[] = [];
  private pending: Pending | undefined;
  /** The layer that runs. */
  layer: string | undefined;

  /** Runs a layer with Math.random replaced. */
  run<T>(source: RandomSource, layer: string, call: () => T): T {
    const original = Math.random;
    const use = source.nextUse(layer);
    const rng = createRng(...source.path(layer, use));
    let index = 0;
    const outer = this.layer;
    this.layer = layer;
    Math.random = () => {
      this.refuseUnused();
      const seed = rng.float();
      this.pending = { layer, use, index: index++, seed };
      return seed;
    };
    try {
      const result = call();
      this.refuseUnused();
      return result;
    } finally {
      this.layer = outer;
      Math.random = original;
    }
  }

  /** The random input an array stands for, if it is the first since a draw. Throws when no known way makes it. */
  recognise(data: ArrayLike<number>, shape: readonly number[]): RandomInput | undefined {
    const { pending } = this;
    if (!pending) return undefined;
    this.pending = undefined;
    const { seed, ...place } = pending;
    for (const draw of ['uniform', 'normal'] as const) {
      const fit = fitted(data, draw, seed);
      if (!fit) continue;
      const input = { name: `random${this.found.length}`, shape, draw, ...fit, ...place };
      this.found.push(input);
      return input;
    }
    throw unknown(pending);
  }

  private refuseUnused(): void {
    if (this.pending) throw unknown(this.pending);
  }
}

function unknown({ layer }: Pending): UntraceableError {
  return new UntraceableError(`the random numbers of layer '${layer}', which are neither uniform nor normal`);
}

/** Scale and offset that make the standard draw equal to the data, or undefined. */
function fitted(data: ArrayLike<number>, draw: Draw, seed: number): { scale: number; offset: number } | undefined {
  const standard = new Float32Array(data.length);
  fillRandom(standard, draw, seed, 1, 0);
  const [low, high] = extremes(standard);
  const rise = (data[high] ?? 0) - (data[low] ?? 0);
  const run = (standard[high] ?? 0) - (standard[low] ?? 0);
  const exact = run > 0 ? rise / run : 1;
  const scale = plain(exact);
  const offset = plain((data[low] ?? 0) - scale * (standard[low] ?? 0));
  const tolerance = 1e-5 * (Math.abs(scale) + Math.abs(offset));
  for (let i = 0; i < data.length; i++) {
    if (Math.abs(offset + scale * (standard[i] ?? 0) - (data[i] ?? 0)) > tolerance) return undefined;
  }
  return { scale, offset };
}

function extremes(values: Float32Array): [number, number] {
  let [low, high] = [0, 0];
  values.forEach((value, i) => {
    if (value < (values[low] ?? 0)) low = i;
    if (value > (values[high] ?? 0)) high = i;
  });
  return [low, high];
}

/** The short decimal number near a measured one: people write 0.1, not 0.10000000149. */
function plain(value: number): number {
  return Number(value.toPrecision(5)) === 0 || Math.abs(value) < 1e-6 ? 0 : Number(value.toPrecision(5));
}

/** Fresh numbers for one step, by input name. */
export function drawRandomInputs(inputs: readonly RandomInput[], source: RandomSource): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  for (const { name, shape, draw, scale, offset, layer, use, index } of inputs) {
    const rng = createRng(...source.path(layer, use));
    for (let skipped = 0; skipped < index; skipped++) rng.float();
    const data = new Float32Array(sizeOf(shape));
    fillRandom(data, draw, rng.float(), scale, offset);
    values.set(name, data);
  }
  return values;
}
