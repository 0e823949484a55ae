/** The size of a codebook: a byte names a codeword. */
export const CODEWORDS = 256;

/** Passes of k-means over the first message, which the codebook begins with. */
const PASSES = 3;
/** A codeword that so many vectors use moves half the way to their mean. */
const STEADY = 4;
/** A codeword that is used so many times less than the average is replaced. */
const RARE = 16;

/** The number of each vector's nearest codeword; of several, the first. */
export function assign(vectors: Float32Array, book: Float32Array, size: number): Uint8Array {
  const words = book.length / size;
  const lengths = new Float64Array(words);
  const origin = new Float32Array(size);
  for (let w = 0; w < words; w++) lengths[w] = distance(book, w * size, origin, 0, size) / 2;
  const which = new Uint8Array(vectors.length / size);
  for (let v = 0, start = 0; v < which.length; v++, start += size) {
    let [best, nearest] = [0, Infinity];
    for (let w = 0, at = 0; w < words; w++, at += size) {
      // Half of (vector - codeword)^2, without the vector's own length, which is the same for all codewords.
      let far = lengths[w] as number;
      for (let i = 0; i < size; i++) far -= (vectors[start + i] as number) * (book[at + i] as number);
      if (far < nearest) [nearest, best] = [far, w];
    }
    which[v] = best;
  }
  return which;
}

/** The codebook for a first message, by k-means from evenly spaced vectors. */
export function beginCodebook(vectors: Float32Array, size: number, count: number): Float32Array {
  const total = vectors.length / size;
  const book = new Float32Array(count * size);
  for (let w = 0; w < count; w++) {
    const from = Math.floor((w * total) / count) * size;
    book.set(vectors.subarray(from, from + size), w * size);
  }
  for (let pass = 0; pass < PASSES; pass++) {
    const { means, counts } = meansOf(vectors, assign(vectors, book, size), count, size);
    for (let w = 0; w < count; w++) {
      if (counts[w]) for (let i = 0; i < size; i++) book[w * size + i] = means[w * size + i] as number;
    }
  }
  return book;
}

/**
 * Moves the `count` codewords that reduce the error most, and assigns each vector the nearest of its old codeword and those that have moved. `round`
 * gives codewords the precision in which they are sent.
 */
export function improveCodebook(
  vectors: Float32Array,
  nearest: Uint8Array,
  { book: before, uses }: { readonly book: Float32Array; readonly uses: Int32Array },
  size: number,
  count: number,
  round: (words: Float32Array) => Float32Array,
): { book: Float32Array; moved: Uint8Array; which: Uint8Array } {
  if (count === 0) return { book: before, moved: new Uint8Array(), which: nearest };
  const moves = bestMoves(vectors, nearest, before, uses, size).slice(0, count);
  const words = new Float32Array(count * size);
  moves.forEach(({ to }, i) => words.set(to, i * size));
  const rounded = round(words);
  const book = before.slice();
  const moved = Uint8Array.from(moves, ({ word }) => word);
  moved.forEach((word, i) => book.set(rounded.subarray(i * size, (i + 1) * size), word * size));
  const which = nearest.slice();
  for (let v = 0; v < which.length; v++) {
    let best = which[v] as number;
    let far = distance(vectors, v * size, book, best * size, size);
    for (const word of moved) {
      const other = distance(vectors, v * size, book, word * size, size);
      if (other < far) [far, best] = [other, word];
    }
    which[v] = best;
  }
  return { book, moved, which };
}

interface Move {
  readonly word: number;
  readonly to: Float32Array;
  readonly gain: number;
}

/** Moves of codewords towards the mean of their vectors, and of rare ones to the vectors with the largest errors, the best moves first. */
function bestMoves(
  vectors: Float32Array,
  nearest: Uint8Array,
  book: Float32Array,
  uses: Int32Array,
  size: number,
): Move[] {
  const { means, counts } = meansOf(vectors, nearest, CODEWORDS, size);
  const often = uses.reduce((sum, each) => sum + each, 0) / CODEWORDS;
  const rare = [...uses.keys()].filter((w) => counts[w] === 0 && (uses[w] as number) * RARE < often);
  const moves: Move[] = [];
  for (let w = 0; w < CODEWORDS; w++) {
    if (rare.includes(w)) continue;
    const n = counts[w] as number;
    const share = n / (n + STEADY);
    const to = book.slice(w * size, (w + 1) * size);
    if (n > 0) {
      for (let i = 0; i < size; i++) {
        to[i] = (to[i] as number) + share * ((means[w * size + i] as number) - (to[i] as number));
      }
    }
    moves.push({ word: w, to, gain: n * distance(to, 0, book, w * size, size) });
  }
  const errors = Array.from(nearest, (w, v) => ({ v, far: distance(vectors, v * size, book, w * size, size) }));
  errors.sort((a, b) => b.far - a.far || a.v - b.v);
  rare.forEach((word, i) => {
    const { v, far } = errors[i % errors.length] ?? { v: 0, far: 0 };
    moves.push({ word, to: vectors.slice(v * size, (v + 1) * size), gain: far });
  });
  return moves.sort((a, b) => b.gain - a.gain || a.word - b.word);
}

function meansOf(vectors: Float32Array, which: Uint8Array, words: number, size: number) {
  const means = new Float64Array(words * size);
  const counts = new Int32Array(words);
  for (let v = 0; v < which.length; v++) {
    const word = which[v] as number;
    counts[word] = (counts[word] as number) + 1;
    for (let i = 0; i < size; i++) {
      means[word * size + i] = (means[word * size + i] as number) + (vectors[v * size + i] as number);
    }
  }
  for (let w = 0; w < words; w++) {
    for (let i = 0; i < size; i++)
      means[w * size + i] = (means[w * size + i] as number) / Math.max(1, counts[w] as number);
  }
  return { means, counts };
}

/** The squared distance. */
function distance(a: Float32Array, atA: number, b: Float32Array, atB: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += ((a[atA + i] as number) - (b[atB + i] as number)) ** 2;
  return sum;
}
