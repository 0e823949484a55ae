import { createRng } from '../../rng.js';
import type { CodecContext } from '../codec.js';
import { countOf, rowsOf, type Front, type Transform } from '../front.js';
import { within } from '../clamp-finite.js';
import { InnerContext } from '../tensor-context.js';

/** What both sides draw once: signs, and which coordinates are kept. */
interface Frame {
  readonly size: number;
  readonly signs: Float32Array;
  readonly kept: Int32Array;
}

const frames = new Map<string, Frame>();
/** Sessions of one process have a few each. */
const MOST_FRAMES = 256;

/**
 * `project:8` keeps an eighth of the coordinates of each sample, after a rotation that both sides have drawn from the run's seed: random signs and a
 * fast Hadamard transform, filled up to a power of two. What comes back is the projection on them.
 */
export function project(ratio: number): Transform {
  const innerContext = (context: CodecContext): CodecContext => {
    const { rows, width } = rowsOf(context.shape, countOf(context));
    return new InnerContext(context, [rows, keptOf(width, ratio)]);
  };
  const forward = (values: Float32Array, context: CodecContext): Float32Array => {
    const { rows, width } = rowsOf(context.shape, values.length);
    const { size, signs, kept } = frameOf(context.fixedSeed, width, ratio);
    const out = new Float32Array(rows * kept.length);
    const work = new Float64Array(size);
    for (let row = 0; row < rows; row++) {
      work.fill(0);
      for (let i = 0; i < width; i++) work[i] = (values[row * width + i] as number) * (signs[i] as number);
      hadamard(work);
      for (let k = 0; k < kept.length; k++) out[row * kept.length + k] = within(work[kept[k] as number] as number);
    }
    return out;
  };
  return (inner: Front): Front => ({
    encode: (values, context, state, out) => inner.encode(forward(values, context), innerContext(context), state, out),
    decode(context, state, from) {
      const { rows, width } = rowsOf(context.shape, countOf(context));
      const { size, signs, kept } = frameOf(context.fixedSeed, width, ratio);
      const { values: heard, state: after } = inner.decode(innerContext(context), state, from);
      const values = new Float32Array(rows * width);
      const work = new Float64Array(size);
      for (let row = 0; row < rows; row++) {
        work.fill(0);
        for (let k = 0; k < kept.length; k++) work[kept[k] as number] = heard[row * kept.length + k] as number;
        hadamard(work);
        for (let i = 0; i < width; i++) values[row * width + i] = within((work[i] as number) * (signs[i] as number));
      }
      return { values, state: after };
    },
    errorBound(values, context, state) {
      const { rows, width } = rowsOf(context.shape, values.length);
      let longest = 0;
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let i = row * width; i < (row + 1) * width; i++) sum += (values[i] as number) ** 2;
        longest = Math.max(longest, Math.sqrt(sum));
      }
      const coded = inner.errorBound(forward(values, context), innerContext(context), state);
      return longest * (1 + 2 ** -20) + Math.sqrt(keptOf(width, ratio)) * coded;
    },
  });
}

function keptOf(width: number, ratio: number): number {
  return width === 0 ? 0 : Math.max(1, Math.round(width / ratio));
}

/** Drawn again where it is not known any more, and the same. */
function frameOf(seed: number, width: number, ratio: number): Frame {
  const name = `${seed}/${width}/${ratio}`;
  const known = frames.get(name);
  if (known) return known;
  if (frames.size >= MOST_FRAMES) frames.clear();
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, width)));
  const rng = createRng('projection', seed, width);
  const signs = Float32Array.from({ length: width }, () => (rng.int(2) === 0 ? -1 : 1));
  const kept = rng.permutation(size).slice(0, keptOf(width, ratio)).sort();
  const frame = { size, signs, kept };
  frames.set(name, frame);
  return frame;
}

/** In place, with length kept; its own inverse. */
function hadamard(work: Float64Array): void {
  const { length } = work;
  for (let half = 1; half < length; half *= 2) {
    for (let start = 0; start < length; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const [a, b] = [work[i] as number, work[i + half] as number];
        work[i] = a + b;
        work[i + half] = a - b;
      }
    }
  }
  const scale = 1 / Math.sqrt(length);
  for (let i = 0; i < length; i++) work[i] = (work[i] as number) * scale;
}
