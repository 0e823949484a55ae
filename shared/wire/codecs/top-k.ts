import { createRng } from '../../rng.js';
import type { CodecContext } from '../codec.js';
import { countOf, rowsOf, type Front, type Transform } from '../front.js';
import type { PartReader, PartWriter } from '../parts.js';
import { InnerContext } from '../tensor-context.js';

/**
 * `topk:8` keeps the 8 % of each sample's values that are furthest from zero; the others come back as zeros. With `chance` that share of the
 * places goes to others at random (Zheng et al., 2023), so that every value is seen now and then.
 */
export function topK(percent: number, chance: number): Transform {
  const kept = (width: number) => Math.min(width, Math.max(1, Math.round((width * percent) / 100)));
  const choose = (values: Float32Array, { shape, learns, seed }: CodecContext): Uint8Array => {
    const { rows, width } = rowsOf(shape, values.length);
    const marks = new Uint8Array(values.length);
    for (let row = 0; row < rows; row++) markLargest(values, row * width, width, kept(width), marks);
    if (chance > 0 && learns) exchangeSome(marks, rows, width, chance, seed);
    return marks;
  };
  const innerContext = (context: CodecContext): CodecContext => {
    const { rows, width } = rowsOf(context.shape, countOf(context));
    return new InnerContext(context, [rows, kept(width)]);
  };
  return (inner: Front): Front => ({
    encode(values, context, state, out) {
      const marks = choose(values, context);
      const { rows, width } = rowsOf(context.shape, values.length);
      putPlaces(marks, rows, width, kept(width), out);
      return inner.encode(gather(values, marks, rows * kept(width)), innerContext(context), state, out);
    },
    decode(context, state, from) {
      const count = countOf(context);
      const { rows, width } = rowsOf(context.shape, count);
      const places = takePlaces(rows, width, kept(width), from);
      const { values: chosen, state: after } = inner.decode(innerContext(context), state, from);
      const values = new Float32Array(count);
      for (let i = 0; i < places.length; i++) values[places[i] as number] = chosen[i] as number;
      return { values, state: after };
    },
    errorBound(values, context, state) {
      const marks = choose(values, context);
      const { rows, width } = rowsOf(context.shape, values.length);
      const chosen = gather(values, marks, rows * kept(width));
      const dropped = values.reduce((most, value, i) => (marks[i] ? most : Math.max(most, Math.abs(value))), 0);
      return Math.max(dropped, inner.errorBound(chosen, innerContext(context), state));
    },
  });
}

function gather(values: Float32Array, marks: Uint8Array, count: number): Float32Array {
  const chosen = new Float32Array(count);
  let at = 0;
  for (let i = 0; i < values.length; i++) if (marks[i] === 1) chosen[at++] = values[i] as number;
  return chosen;
}

/** Of those that are as large, the first ones. */
function markLargest(values: Float32Array, start: number, width: number, count: number, marks: Uint8Array): void {
  const sizes = new Float32Array(width);
  for (let i = 0; i < width; i++) sizes[i] = Math.abs(values[start + i] as number);
  const least = selectLargest(sizes, count);
  let left = count;
  for (let i = 0; i < width; i++) {
    if (Math.abs(values[start + i] as number) <= least) continue;
    marks[start + i] = 1;
    left--;
  }
  for (let i = 0; i < width && left > 0; i++) {
    if (Math.abs(values[start + i] as number) !== least) continue;
    marks[start + i] = 1;
    left--;
  }
}

/** The `count`th largest, by Hoare's selection; reorders what it is given. */
function selectLargest(sizes: Float32Array, count: number): number {
  const target = sizes.length - count;
  let [low, high] = [0, sizes.length - 1];
  while (low < high) {
    const pivot = sizes[(low + high) >> 1] as number;
    let [i, j] = [low, high];
    while (i <= j) {
      while ((sizes[i] as number) < pivot) i++;
      while ((sizes[j] as number) > pivot) j--;
      if (i > j) break;
      const swap = sizes[i] as number;
      sizes[i++] = sizes[j] as number;
      sizes[j--] = swap;
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else break;
  }
  return sizes[target] as number;
}

/** Each kept value makes room for one that was not, with this chance. */
function exchangeSome(marks: Uint8Array, rows: number, width: number, chance: number, seed: number): void {
  const rng = createRng('places', seed);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    for (let i = 0; i < width; i++) {
      if (marks[start + i] !== 1 || rng.float() >= chance) continue;
      const other = start + rng.int(width);
      if (marks[other] === 1) continue;
      marks[start + i] = 0;
      marks[other] = 1;
    }
  }
}

/** A bit a value, or where few are kept, how far each is from the one before, in as many bytes as the width needs. */
function putPlaces(marks: Uint8Array, rows: number, width: number, count: number, out: PartWriter): void {
  const bytes = bytesFor(width);
  if (8 * bytes * count >= width) return out.put(marks, 1);
  const gaps = Array.from({ length: bytes }, () => new Uint8Array(rows * count));
  let at = 0;
  for (let row = 0; row < rows; row++) {
    let before = row * width - 1;
    for (let i = row * width; i < (row + 1) * width; i++) {
      if (marks[i] !== 1) continue;
      const gap = i - before - 1;
      gaps.forEach((plane, b) => (plane[at] = gap >>> (8 * b)));
      at++;
      before = i;
    }
  }
  gaps.forEach((plane) => out.put(plane, 8));
}

/** Where the values belong, in their order. A hostile sender's places stay within the tensor. */
function takePlaces(rows: number, width: number, count: number, from: PartReader): Int32Array {
  const places = new Int32Array(rows * count);
  const bytes = bytesFor(width);
  if (8 * bytes * count >= width) {
    const marks = from.take(rows * width, 1);
    let at = 0;
    for (let i = 0; i < marks.length && at < places.length; i++) if (marks[i] === 1) places[at++] = i;
    return places;
  }
  const planes = Array.from({ length: bytes }, () => from.take(rows * count, 8));
  for (let row = 0; row < rows; row++) {
    let before = -1;
    for (let i = row * count; i < (row + 1) * count; i++) {
      const gap = planes.reduce((sum, plane, b) => sum + (plane[i] as number) * 256 ** b, 0);
      before = Math.min(width - 1, before + 1 + gap);
      places[i] = row * width + before;
    }
  }
  return places;
}

function bytesFor(width: number): number {
  return width <= 256 ? 1 : width <= 65_536 ? 2 : 4;
}
