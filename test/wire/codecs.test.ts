import { describe, expect, it } from 'vitest';
import { TandemError } from '../../shared/errors.js';
import { createRng } from '../../shared/rng.js';
import { codecRegistry } from '../../shared/wire/codec-registry.js';
import { TensorContext } from '../../shared/wire/tensor-context.js';
import type { Codec, CodecContext, CodecState } from '../../shared/wire/codec.js';
import { seedOf } from '../../shared/wire/seed-of.js';
import { codecNames } from './codec-names.js';
import { contextOf, samples, samplesOf, type Sample } from './values.js';

const seed = Number(process.env.TANDEM_SEED ?? 11);
const all = samples(seed);

/** Every codec keeps to the same rules. */
describe.each(codecNames)(`%s (TANDEM_SEED=${seed})`, (name) => {
  const codec = codecRegistry().find(name);

  /** A few messages one after the other: what both sides hold afterwards. */
  function talk(sample: Sample, learns: boolean, messages = 3) {
    let [here, there]: [CodecState, CodecState] = [null, null];
    const heard = Array.from({ length: messages }, (_, i) => {
      const context = contextOf(sample, {
        learns,
        seed: 1000 + i,
        samples: learns ? samplesOf(sample) : null,
        loss: 2 / (1 + i),
      });
      const bound = codec.errorBound(sample.values, context, here);
      const { bytes, state } = codec.encode(sample.values, context, here);
      const opened = codec.decode(bytes, context, there);
      if (learns) [here, there] = [state, opened.state];
      return { bytes, values: opened.values, bound };
    });
    return { heard, here, there };
  }

  it.each(all)('$what: comes back within the bound it declares, and both sides remember the same', (sample) => {
    for (const learns of [true, false]) {
      const before = sample.values.slice();
      const { heard, here, there } = talk(sample, learns);
      expect(here).toEqual(there);
      expect(sample.values).toEqual(before);
      for (const { values, bound } of heard) {
        expect(values).toHaveLength(sample.values.length);
        for (const [i, value] of sample.values.entries()) {
          const error = Math.abs((values[i] ?? NaN) - value);
          // A float32 cannot be nearer than that.
          if (!(error <= bound + Math.abs(value) * 2 ** -23)) {
            expect.fail(`${value} became ${String(values[i])} at ${i}: off by ${error}, bound ${bound}`);
          }
        }
      }
    }
  });

  it('makes the same bytes of the same values, context and state, whatever came before', () => {
    for (const sample of all) {
      const [once, again] = [talk(sample, true), talk(sample, true)];
      expect(once.heard.map(({ bytes }) => bytes)).toEqual(again.heard.map(({ bytes }) => bytes));
    }
  });

  it('leaves alone what it has given out', () => {
    for (const sample of all) {
      const context = contextOf(sample);
      const { bytes } = codec.encode(sample.values, context, null);
      const { values } = codec.decode(bytes, context, null);
      const [bytesThen, valuesThen] = [bytes.slice(), values.slice()];
      // Another message through the same memory, if there is one.
      const others = sample.values.map((value) => -value / 2);
      codec.decode(codec.encode(others, contextOf(sample, { seed: 99 }), null).bytes, context, null);
      expect([bytes, values]).toEqual([bytesThen, valuesThen]);
    }
  });

  it('changes no state in place', () => {
    for (const sample of all.slice(0, 3)) {
      const { here } = talk(sample, true);
      const copy = structuredClone(here);
      codec.encode(sample.values, contextOf(sample), here);
      expect(here).toEqual(copy);
    }
  });

  it('refuses, or takes for some values, whatever bytes come', () => {
    const rng = createRng('hostile codecs', seed, name);
    for (const sample of all) {
      const context = contextOf(sample);
      const { here, heard } = talk(sample, true);
      const good = heard[0]?.bytes ?? new Uint8Array();
      const lengths = [0, 1, good.length - 1, good.length + 1, 2 * good.length + 3].filter((length) => length >= 0);
      const asMade = contextOf(sample, { seed: 1000, samples: samplesOf(sample) });
      for (const length of lengths) tryBytes(resized(good, length), asMade, null, length !== good.length);
      for (let i = 0; i < 40; i++) {
        const bytes = good.slice();
        for (let flips = 0; flips <= rng.int(4); flips++) if (bytes.length) bytes[rng.int(bytes.length)] = rng.int(256);
        tryBytes(bytes, context, i % 2 ? here : null, false);
      }
      for (const fill of [0, 0x7f, 0x80, 0xff]) tryBytes(new Uint8Array(good.length).fill(fill), context, null, false);
    }
  });

  /** Answers within its shape, or refuses with the one code there is for that. */
  function tryBytes(bytes: Uint8Array, context: CodecContext, state: CodecState, mustRefuse: boolean): void {
    let length: number;
    try {
      ({ length } = codec.decode(bytes, context, state).values);
    } catch (error) {
      if (error instanceof TandemError && error.code === 'BAD_MESSAGE') return;
      throw error;
    }
    expect(length).toBe(context.shape.reduce((product, each) => product * each, 1));
    if (mustRefuse) expect.fail(`${bytes.length} bytes were taken for a tensor of ${context.shape.join()}`);
  }
});

describe('a table of shares that a stranger made', () => {
  const table = (bits: number, shares: readonly number[]) => {
    const symbols = new Uint8Array(Math.max(1, 2 ** bits / 8)).fill(0xff);
    const [words] = [new Uint8Array(2 * shares.length)];
    shares.forEach((share, i) => new DataView(words.buffer).setUint16(2 * i, share, true));
    return [2, ...symbols, ...words];
  };
  const shape = [64, 64];

  it.each([
    ['of no share at all', Array<number>(15).fill(0)],
    ['of more than there is', Array<number>(15).fill(4095)],
    ['that leaves the last symbol nothing', [4096, ...Array<number>(14).fill(0)]],
    ['of the largest numbers', Array<number>(15).fill(65_535)],
    ['of one symbol many times', [4095, ...Array<number>(14).fill(0)]],
  ])('%s is refused, or is some table; it ends at once and allots nothing beyond the shape', (_, shares) => {
    const codec = codecRegistry().find('int4+rans');
    const context: CodecContext = { shape, seed: 1, fixedSeed: 2, learns: true, samples: null };
    const steps = Array.from({ length: 3 }, () => [0, ...new Uint8Array(shape[0] ?? 0)]).flat();
    for (const rest of [0, 3, 4, 17, 4096]) {
      const bytes = Uint8Array.from([...steps, ...table(4, shares), ...new Uint8Array(rest).fill(0x80)]);
      try {
        expect(codec.decode(bytes, context, null).values).toHaveLength(64 * 64);
      } catch (error) {
        expect(error).toMatchObject({ code: 'BAD_MESSAGE' });
      }
    }
  });
});

describe("a codec of a user's own", () => {
  it('is given bytes that it may keep, and a context that it may take apart', () => {
    const seen: object[] = [];
    const own: Codec = {
      name: 'own',
      encode: (values, context) => {
        seen.push({ ...context });
        return { bytes: new Uint8Array(values.slice().buffer), state: null };
      },
      decode: (bytes, context) => {
        seen.push({ ...context });
        return { values: new Float32Array(bytes.buffer), state: null };
      },
      errorBound: () => 0,
    };
    const way = {
      ...{ codec: codecRegistry([own]).find('own'), stream: 'smashed', learns: true, mostBytes: 1000 },
      ...{ seed: 7, fixedSeed: 11, samples: Int32Array.of(5, 3), loss: 0.25 },
    };
    const context = new TensorContext(way, [2, 3], 0);
    const values = Float32Array.of(1.5, -2, 0.3, 8, -0.1, 77);
    const frame = new Uint8Array(64);
    frame.set(way.codec.encode(values, context, null).bytes, 13);
    const heard = way.codec.decode(frame.subarray(13, 13 + 24), context, null).values;
    frame.fill(0);
    expect(heard).toEqual(values);
    const { seed: tensorSeed, fixedSeed } = context;
    const told = { shape: [2, 3], learns: true, once: false, loss: 0.25, samples: Int32Array.of(5, 3) };
    expect(seen).toEqual(Array(2).fill({ ...told, seed: tensorSeed, fixedSeed }));
    expect(tensorSeed).not.toBe(fixedSeed);
  });
});

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}

describe('rounding up or down at random', () => {
  it.each(['int8', 'int4', 'int3', 'int2', 'int4:channel', 'int4:tensor'])(
    '%s: the mean of many messages is the value',
    (name) => {
      const codec = codecRegistry().find(name);
      const sample = all[0];
      if (!sample) return;
      const sums = new Float64Array(sample.values.length);
      const MESSAGES = 2000;
      for (let i = 0; i < MESSAGES; i++) {
        const context = contextOf(sample, { seed: seedOf('mean', seed, i) });
        codec.decode(codec.encode(sample.values, context, null).bytes, context, null).values.forEach((value, at) => {
          sums[at] = (sums[at] ?? 0) + value;
        });
      }
      const step = codec.errorBound(sample.values, contextOf(sample), null);
      sample.values.forEach((value, at) => {
        expect(Math.abs((sums[at] ?? 0) / MESSAGES - value)).toBeLessThan((6 * step) / Math.sqrt(4 * MESSAGES));
      });
    },
  );
});

describe('names of codecs', () => {
  it.each([
    ['int5', /'int5', which is none/],
    ['', /names '', which is none/],
    ['int4:row', /':row' after 'int4'/],
    ['int4+int8', /is no sum/],
    ['fp16:3', /':3' after 'fp16'/],
    ['toString', /names 'toString'/],
  ])('%s is refused', (name, why) => {
    expect(() => codecRegistry().find(name)).toThrow(why);
    expect(() => codecRegistry().find(name)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});
