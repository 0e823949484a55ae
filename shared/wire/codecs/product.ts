import type { CodecContext } from '../codec.js';
import { countOf, rowsOf, type Front } from '../front.js';
import { clampFinite } from '../clamp-finite.js';
import type { PartReader } from '../parts.js';
import { encodeAndReplay } from '../replay.js';
import { bf16 } from './bfloat16.js';
import { blend, countSymbols } from './symbol-model.js';
import { assign, beginCodebook, improveCodebook, CODEWORDS } from './codebook.js';
import { InnerContext } from '../tensor-context.js';

/** The codebook that both sides have. */
interface BookState {
  /** The codewords, one after the other. */
  readonly book: Float32Array;
  /** How often each codeword was used; recent uses count more. */
  readonly uses: Int32Array;
}

/** At most so many codewords change with a message. */
const REFRESHED = 8;

/**
 * `pq:8`: product quantisation (Jégou et al., 2011). Each eight neighbouring values of a sample become one of 256 codewords of a codebook, which the sender learns over the
 * run: with each message it moves, or replaces, the few codewords that reduce the error most, and sends these. FedLite (Wang et al., 2022) sends a codebook with each message.
 */
export function product(size: number): Front {
  const shapeOf = (context: CodecContext): { groups: number; perRow: number; rows: number; width: number } => {
    const { rows, width } = rowsOf(context.shape, countOf(context));
    const perRow = Math.ceil(width / size);
    return { rows, width, perRow, groups: rows * perRow };
  };

  const code = (values: Float32Array, context: CodecContext, state: BookState | null) => {
    const { groups, perRow, width } = shapeOf(context);
    const vectors = padded(values, groups, perRow, width, size);
    const count = learnedWith(groups, context, state);
    if (!state) {
      const begun = asSent(beginCodebook(vectors, size, count));
      const book = new Float32Array(CODEWORDS * size);
      book.set(begun);
      return { vectors, book, moved: numbers(count), which: assign(vectors, book.subarray(0, begun.length), size) };
    }
    const which = assign(vectors, state.book, size);
    return { vectors, ...improveCodebook(vectors, which, state, size, count, asSent) };
  };

  const after = (book: Float32Array, moved: Uint8Array, which: Uint8Array, before: BookState | null): BookState => {
    const uses = blend(before?.uses, countSymbols(which, 8));
    // A new codeword counts as used, so that it is not replaced at once.
    const usual = Math.floor(uses.reduce((sum, each) => sum + each, 0) / CODEWORDS);
    for (const word of moved) uses[word] = Math.max(uses[word] as number, usual);
    return { book, uses };
  };

  return {
    encode(values, context, state, out) {
      const before = state as BookState | null;
      const { book, moved, which } = code(values, context, before);
      out.put(before ? moved : new Uint8Array(), 8);
      bf16.encode(wordsAt(book, moved, size), context, null, out);
      out.put(which, 8);
      return after(book, moved, which, before);
    },
    decode(context, state, from) {
      const before = state as BookState | null;
      const { rows, width, groups, perRow } = shapeOf(context);
      const count = learnedWith(groups, context, before);
      const moved = takeMoved(count, before !== null, from);
      const { values: words } = bf16.decode(new InnerContext(context, [count * size]), null, from);
      // The other side may have sent anything.
      clampFinite(words);
      for (let i = 0; i < words.length; i++) if (Number.isNaN(words[i])) words[i] = 0;
      const book = before ? before.book.slice() : new Float32Array(CODEWORDS * size);
      for (const [i, word] of moved.entries()) book.set(words.subarray(i * size, (i + 1) * size), word * size);
      const which = from.take(groups, 8);
      const values = new Float32Array(rows * width);
      for (let group = 0; group < groups; group++) {
        const [row, place] = [Math.floor(group / perRow), group % perRow];
        const word = (which[group] as number) * size;
        const fits = Math.min(size, width - place * size);
        values.set(book.subarray(word, word + fits), row * width + place * size);
      }
      return { values, state: after(book, moved, which, before) };
    },
    errorBound(values, context, state) {
      const { vectors, book, which } = code(values, context, state as BookState | null);
      let most = 0;
      for (let i = 0; i < vectors.length; i++) {
        const word = which[Math.floor(i / size)] as number;
        most = Math.max(most, Math.abs((vectors[i] as number) - (book[word * size + (i % size)] as number)));
      }
      return most * (1 + 2 ** -22);
    },
  };
}

/** How many codewords are sent: at first as many as pay off, then a few, and none where nothing is learned from the values. */
function learnedWith(groups: number, { learns }: CodecContext, state: BookState | null): number {
  const paying = Math.max(1, groups >> 3);
  if (!state) return Math.min(CODEWORDS, paying);
  return learns ? Math.min(REFRESHED, paying) : 0;
}

function takeMoved(count: number, isBegun: boolean, from: PartReader): Uint8Array {
  const sent = from.take(isBegun ? count : 0, 8);
  return isBegun ? sent : numbers(count);
}

function numbers(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => i);
}

/** Codewords in the precision in which they are sent. */
function asSent(words: Float32Array): Float32Array {
  const context = { shape: [words.length], seed: 0, fixedSeed: 0, learns: false, samples: null };
  return encodeAndReplay(bf16, words, context, null, { put: () => undefined }).values;
}

function wordsAt(book: Float32Array, which: Uint8Array, size: number): Float32Array {
  const words = new Float32Array(which.length * size);
  for (const [i, word] of which.entries()) words.set(book.subarray(word * size, (word + 1) * size), i * size);
  return words;
}

/** The values of each sample filled up with zeros to whole groups. */
function padded(values: Float32Array, groups: number, perRow: number, width: number, size: number): Float32Array {
  if (perRow * size === width) return values;
  const vectors = new Float32Array(groups * size);
  for (let row = 0; row * width < values.length; row++) {
    vectors.set(values.subarray(row * width, (row + 1) * width), row * perRow * size);
  }
  return vectors;
}
