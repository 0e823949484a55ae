import { beforeAll, describe, expect, it } from 'vitest';
import { fuzzServer, type FuzzOptions } from '../../bench/campaigns/fuzz-server.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { decodeMessage } from '../../shared/protocol/message-codec.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { fromHex, readGoldenFrames } from '../protocol/golden.js';

const seed = process.env.TANDEM_SEED ?? '20210607';
const originals = readGoldenFrames().map(({ hex }) => fromHex(hex));
let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const sample = (options: Partial<FuzzOptions>) =>
  fuzzServer({
    seed,
    originals,
    task: tinyTask,
    data: tinyData(),
    engine,
    run: { seed: 5 },
    frames: 0,
    liveEvery: 50,
    ...options,
  });

describe(`hostile frames (TANDEM_SEED=${seed}; ten million: npm run campaign:frames)`, () => {
  it('are messages or refused, and change nothing in a run', async () => {
    const { read, sessions, live, errors, sameWeights } = await sample({ frames: 25_000 });
    expect(errors).toEqual([]);
    expect(sameWeights).toBe(true);
    // They must reach every check, or this shows nothing.
    const reached = ['BAD_FRAME', 'BAD_MESSAGE', 'BAD_VERSION', 'TOO_LARGE', 'a message'];
    expect(Object.keys(read).sort()).toEqual(reached);
    const judged = ['BAD_LABEL', 'BAD_SHAPE', 'BAD_STATE', 'BAD_VALUE', 'STEP_GAP', 'taken'];
    expect(Object.keys(sessions)).toEqual(expect.arrayContaining(judged));
    expect(live).toMatchObject({ frames: 500 });
    expect(Object.keys(live.refusals)).toEqual(expect.arrayContaining(['BAD_FRAME', 'BAD_STATE', 'BAD_MESSAGE']));
  });

  it('are noticed where a reader trusts lengths', async () => {
    const decode = (bytes: Uint8Array) => {
      if (bytes.length > 12) new Float32Array(bytes.slice().buffer, 12, bytes[6]);
      return decodeMessage(bytes);
    };
    const { errors } = await sample({ frames: 500, decode });
    expect(errors.join()).toContain('RangeError');
  });
});
