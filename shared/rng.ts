/**
 * Seeded randomness. Every random choice of a run (initial weights, shuffles, dropout, step order) comes from one seed
 * and a path of names, so two parties draw the same numbers without talking.
 */
export interface Rng {
  /** Uniform in [0, 1) with 32 random bits. */
  readonly float: () => number;
  /** Uniform in {0, ..., below - 1}. */
  int(below: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** Gamma with the given shape and scale 1 (Marsaglia and Tsang, 2000). */
  gamma(shape: number): number;
  /** A permutation of 0..length-1 (Fisher-Yates). */
  permutation(length: number): Int32Array;
}

export type SeedPart = string | number;

/** A generator for this path, e.g. `createRng(seed, 'shuffle', client, epoch)`. */
export function createRng(...path: SeedPart[]): Rng {
  const float = sfc32(hash128(path.join('/')));
  const int = (below: number) => Math.floor(float() * below);
  const normal = () => Math.sqrt(-2 * Math.log(1 - float())) * Math.cos(2 * Math.PI * float());
  const gamma = (shape: number): number => {
    if (shape < 1) return gamma(shape + 1) * Math.pow(1 - float(), 1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - float()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  const permutation = (length: number) => {
    const order = Int32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = int(i + 1);
      const swap = order[i] ?? 0;
      order[i] = order[j] ?? 0;
      order[j] = swap;
    }
    return order;
  };
  return { float, int, normal, gamma, permutation };
}

/**
 * Runs synchronous code with Math.random replaced by a generator for this path. tfjs seeds every random op it was given
 * no seed for from Math.random, so this reaches initializers, dropout and noise layers, the user's own included.
 */
export function withSeededRandom<T>(path: readonly SeedPart[], run: () => T): T {
  const original = Math.random;
  Math.random = createRng(...path).float;
  try {
    return run();
  } finally {
    Math.random = original;
  }
}

/** Four 32-bit words from a string: FNV-1a with four offsets, each finished by the murmur3 mixer. */
function hash128(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    for (let w = 0; w < 4; w++) words[w] = Math.imul((words[w] ?? 0) ^ (code + w), 0x01000193);
  }
  return words.map(mix) as [number, number, number, number];
}

function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Chris Doty-Humphrey's Small Fast Counting generator, 32-bit (PractRand). */
function sfc32([a0, b0, c0, d0]: [number, number, number, number]): () => number {
  let [a, b, c, counter] = [a0 | 0, b0 | 0, c0 | 0, d0 | 0];
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  // The first outputs still show the seed.
  for (let i = 0; i < 12; i++) next();
  return next;
}
