import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRng } from '../../shared/rng.js';
import { plainRows } from '../../shared/wire/plain-rows.js';
import { nextRandom, randomAfter } from '../../shared/wire/random-line.js';
import { scalesOf } from '../../shared/wire/scales.js';
import { createVectorRows } from '../../shared/wire/vector-rows.js';

/** Values of a tensor as its bits, since -0 and 0 are to differ. */
const bits = (values: Float32Array) => [...new Uint32Array(values.buffer)];

const shapes = [
  [1, 4],
  [3, 4],
  [2_500, 4],
  [64, 128],
  [7, 1176],
  [1, 65_536],
  [1, 65_540],
  [3, 65_532],
  [2, 131_080],
] as const;
const kinds: Record<string, (rng: ReturnType<typeof createRng>) => number> = {
  'after a ReLU': (rng) => Math.max(0, rng.normal()),
  gradients: (rng) => rng.normal() ** 5 * 1e-7,
  denormals: (rng) => rng.normal() * 1e-41,
  'of any size': (rng) => rng.normal() * 10 ** (70 * rng.float() - 35),
  'next to the largest': (rng) => (rng.float() < 0.5 ? -1 : 1) * 3.4028234663852886e38 * (1 - rng.float() * 1e-6),
  'zeros of both signs': (rng) => (rng.float() < 0.5 ? 0 : -0),
};

describe('rows with vectors', () => {
  const vectors = createVectorRows();
  if (!vectors) throw new Error('there are no vectors here to test');

  it.each(shapes)('have the bits of plain ones: %i x %i', (rows, width) => {
    for (const [kind, draw] of Object.entries(kinds)) {
      const rng = createRng('vector rows', kind, rows, width);
      const values = Float32Array.from({ length: rows * width }, () => draw(rng));
      const ends = () => [new Float64Array(rows), new Float64Array(rows)] as const;
      const [plain, fast] = [ends(), ends()];
      plainRows.ranges(values, width, ...plain);
      vectors.ranges(values, width, ...fast);
      expect(fast, kind).toEqual(plain);
      for (const levels of [256, 16, 4]) {
        const scales = scalesOf(...plain, levels);
        for (const seed of [null, rng.int(2 ** 32)]) {
          const [expected, symbols] = [new Uint8Array(values.length), new Uint8Array(values.length)];
          plainRows.quantise(values, scales, width, seed, expected);
          vectors.quantise(values, scales, width, seed, symbols);
          expect(Buffer.compare(symbols, expected), `${kind}, ${levels} levels, seed ${seed}`).toBe(0);
          const [restored, again] = [new Float32Array(values.length), new Float32Array(values.length)];
          plainRows.restore(symbols, scales, width, restored);
          vectors.restore(symbols, scales, width, again);
          expect(bits(again).join() === bits(restored).join(), `${kind}, ${levels} levels`).toBe(true);
        }
      }
    }
  });
});

it('skips random numbers', () => {
  for (const seed of [0, 1, -7, 0x7fffffff, 123_456_789]) {
    let random = seed;
    for (let count = 0; count < 70; count++) {
      expect(randomAfter(seed, count)).toBe(random);
      random = nextRandom(random);
    }
  }
});

describe('where there are no vectors', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it.each([
    ['no WebAssembly', undefined],
    ['none with vectors', { ...own(), validate: () => false }],
    [
      'a policy that forbids it',
      {
        ...own(),
        Module: class {
          constructor() {
            throw new EvalError('refused');
          }
        },
      },
    ],
  ])('plain rows are left: %s', (_, stub) => {
    vi.stubGlobal('WebAssembly', stub);
    expect(createVectorRows()).toBeUndefined();
  });
});

function own() {
  const { Memory, Module, Instance, validate } = WebAssembly;
  return { Memory, Module, Instance, validate };
}
