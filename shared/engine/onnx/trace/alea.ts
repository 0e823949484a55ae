/**
 * Johannes Baagøe's Alea generator, by which tfjs draws its random tensors, and the two distributions that layers use.
 * The numbers are those of tfjs, so a compiled segment drops the units that the same segment on tfjs drops.
 */
export type Draw = 'uniform' | 'normal';

/** Fills an array with `offset + scale * z`, z drawn from a standard distribution by a generator with this seed. */
export function fillRandom(into: Float32Array, draw: Draw, seed: number, scale: number, offset: number): void {
  const random = alea(String(seed));
  if (draw === 'uniform') {
    for (let i = 0; i < into.length; i++) into[i] = offset + scale * random();
    return;
  }
  for (let i = 0; i < into.length; i += 2) {
    const [first, second] = polarPair(random);
    into[i] = offset + scale * first;
    if (i + 1 < into.length) into[i + 1] = offset + scale * second;
  }
}

/** Two independent standard normal numbers (Marsaglia's polar method). */
function polarPair(random: () => number): [number, number] {
  for (;;) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    return [x * factor, y * factor];
  }
}

const SCALE = 2 ** -32;

/** Uniform in [0, 1). */
function alea(seed: string): () => number {
  const mash = createMash();
  const start = [mash(' '), mash(' '), mash(' ')];
  let [a = 0, b = 0, c = 0] = start.map((value) => {
    const rest = value - mash(seed);
    return rest < 0 ? rest + 1 : rest;
  });
  let carry = 1;
  return () => {
    const next = 2091639 * a + carry * SCALE;
    a = b;
    b = c;
    carry = next | 0;
    c = next - carry;
    return c;
  };
}

/** Baagøe's hash of strings: it remembers what it has hashed. */
function createMash(): (text: string) => number {
  let n = 0xefc8249d;
  return (text) => {
    for (let i = 0; i < text.length; i++) {
      n += text.charCodeAt(i);
      let h = 0.02519603282416938 * n;
      n = h >>> 0;
      h -= n;
      h *= n;
      n = h >>> 0;
      h -= n;
      n += h * 2 ** 32;
    }
    return (n >>> 0) * SCALE;
  };
}
