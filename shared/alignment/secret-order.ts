/** Where random numbers come from, e.g. `crypto.getRandomValues`. */
export type RandomWords = (words: Uint32Array<ArrayBuffer>) => void;

const platformWords: RandomWords = (words) => {
  // One call gives at most 65,536 bytes.
  for (let at = 0; at < words.length; at += 16_384) crypto.getRandomValues(words.subarray(at, at + 16_384));
};

/**
 * A permutation of 0..length-1 that nobody can predict (Fisher-Yates). Rows are sent in such an order, since their order
 * in the table would tell the others which is which.
 */
export function secretOrder(length: number, random: RandomWords = platformWords): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  const pool = new Uint32Array(Math.min(length, 16_384));
  let left = 0;
  const below = (bound: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      if (left === 0) {
        random(pool);
        left = pool.length;
      }
      const word = pool[--left] ?? 0;
      // What is left over after whole multiples of the bound would make small numbers likelier.
      if (word < limit) return word % bound;
    }
  };
  for (let i = length - 1; i > 0; i--) {
    const j = below(i + 1);
    const swap = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = swap;
  }
  return order;
}
