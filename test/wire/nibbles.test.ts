import { expect, it } from 'vitest';
import { createRng } from '../../shared/rng.js';
import { createVectorNibbles, plainNibbles } from '../../shared/wire/nibbles.js';

const seed = process.env.TANDEM_SEED ?? '61';

it.each([0, 2, 14, 16, 18, 8192, 32_766, 32_768, 32_770, 100_000])(
  `joins and splits %i symbols with vectors as without (TANDEM_SEED=${seed})`,
  (length) => {
    const vectors = createVectorNibbles();
    if (!vectors) throw new Error('there are no vectors here to test');
    const rng = createRng('nibbles', seed, length);
    const symbols = Uint8Array.from({ length }, () => rng.int(16));
    const [bytes, expected] = [new Uint8Array(length / 2), new Uint8Array(length / 2)];
    vectors.join(symbols, bytes);
    plainNibbles.join(symbols, expected);
    expect(Buffer.compare(bytes, expected)).toBe(0);
    const [again, same] = [new Uint8Array(length), new Uint8Array(length)];
    vectors.split(bytes, again);
    plainNibbles.split(bytes, same);
    expect([Buffer.compare(again, same), Buffer.compare(same, symbols)]).toEqual([0, 0]);
  },
);
