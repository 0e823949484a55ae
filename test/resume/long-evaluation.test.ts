import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { tinyData } from '../helpers/tiny-task.js';
import type { Crash } from './crash.js';
import { CrashWorld } from './crash-world.js';

/** More than may wait to be read. */
const BATCHES = 560;

describe('a crash late in a long evaluation', () => {
  it('changes not a bit, at the server and at a client', async () => {
    const engine = await chooseEngine('onnx');
    const data = { train: tinyData(9).train, test: tinyData(BATCHES).train };
    const options = { schedule: 'splitfed-v2', clients: 1, batch: 1, steps: 4, data };
    const run = (crashes: readonly Crash[]) => new CrashWorld(engine, options, 3, crashes).run();
    const expected = await run([]);
    for (const point of ['server.take-in', 'client.received'] as const) {
      const occurrence = (expected.reached.get(point) ?? 0) - 9;
      expect(occurrence).toBeGreaterThan(BATCHES - 10);
      const { digest, crashes } = await run([{ point, occurrence, victims: 'self' }]);
      expect({ point, digest, crashes }).toEqual({ point, digest: expected.digest, crashes: 1 });
    }
  });
});
