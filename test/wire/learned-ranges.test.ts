import { describe, expect, it } from 'vitest';
import { createRng } from '../../shared/rng.js';
import { codecRegistry } from '../../shared/wire/codec-registry.js';
import type { CodecContext, CodecState } from '../../shared/wire/codec.js';

const shape = [32, 5, 7];
const seed = process.env.TANDEM_SEED ?? '19';

/** Messages one after the other, bytes, and the root of the mean squared error over that of the values. */
function talk(name: string, sizes: readonly number[], learns = true) {
  const codec = codecRegistry().find(name);
  const rng = createRng('learned ranges', seed);
  let state: CodecState = null;
  return sizes.map((size, i) => {
    const values = Float32Array.from({ length: 32 * 5 * 7 }, (_, at) =>
      at % 7 === 3 ? size * rng.normal() : Math.max(0, size * rng.normal()),
    );
    const context: CodecContext = { shape, seed: 991 * i, fixedSeed: 5, learns, samples: null };
    const coded = codec.encode(values, context, state);
    const { values: heard } = codec.decode(coded.bytes, context, state);
    if (learns) state = coded.state;
    const squares = values.reduce((sum, value, at) => sum + (value - (heard[at] ?? NaN)) ** 2, 0);
    return {
      bytes: coded.bytes.length,
      error: Math.sqrt(squares / values.reduce((sum, value) => sum + value ** 2, 0)),
    };
  });
}

const meanError = (said: readonly { error: number }[]) => said.reduce((sum, { error }) => sum + error, 0) / said.length;

describe(`ranges that are learned over the run (TANDEM_SEED=${seed})`, () => {
  const steady = Array<number>(40).fill(0.3);

  it.each([
    ['int2', 0.75],
    ['int3', 0.85],
  ])('%s: errors are smaller than with the range of each message', (name, share) => {
    const [learned, own] = [talk(`${name}:learned`, steady), talk(`${name}:channel`, steady)];
    expect(meanError(learned.slice(10))).toBeLessThan(share * meanError(own.slice(10)));
  });

  it('takes three bits a channel in the place of three bytes', () => {
    const [learned, own] = [talk('int4:learned', steady), talk('int4:channel', steady)];
    expect(learned[0]?.bytes).toBe(own[0]?.bytes);
    const sizes = learned.slice(1).map(({ bytes }) => bytes - (own[0]?.bytes ?? 0) + 3 * 7);
    // Now and then a value lies so far out that a range is sent anew.
    expect(Math.min(...sizes)).toBe(3);
    expect(sizes.reduce((sum, each) => sum + each, 0) / sizes.length).toBeLessThan(3 + 3);
  });

  it.each([2000, 1 / 3000])('follows values that are %d times as large at once', (times) => {
    const sizes = [...steady.slice(0, 12), ...Array<number>(12).fill(0.3 * times)];
    const said = talk('int3:learned', sizes);
    expect(said[12]?.error).toBeLessThan(1.5 * meanError(said.slice(4, 12)));
    expect(said[12]?.bytes).toBeGreaterThan(said[11]?.bytes ?? 0);
  });

  it('rounds to the nearest where nobody learns', () => {
    const [learning, asking] = [talk('int3:learned', steady), talk('int3:learned', steady, false)];
    expect(meanError(asking)).toBeLessThan(0.95 * meanError(learning));
  });
});
