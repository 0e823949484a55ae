import { beforeAll, describe, expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import type { RunResult } from '../../server/run/summarise.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { createRng } from '../../shared/rng.js';
import { simulate } from '../../simulator/simulate.js';
import { Cable } from '../helpers/cable.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const seed = process.env.TANDEM_SEED ?? '29';
let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const size = { clients: 3, epochs: 2, batch: 5, roundSteps: 2, seed: 7 };

/** A run whose links are cut every few messages; `every` 0 never cuts one. */
async function cutRun(options: RunOptions, every: number): Promise<{ result: RunResult; cuts: number }> {
  const rng = createRng('cuts', seed, every, JSON.stringify(options));
  const settings = resolveRun(tinyTask, { ...size, ...options });
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', graceSeconds: 20 });
  let cuts = 0;
  const connect = async () => {
    // Enough to be let in: before that there is no session that could go on.
    let left = 4 + rng.int(2 * every);
    const passed = (self: Cable) => {
      if (every === 0 || --left !== 0) return;
      cuts++;
      self.cut();
    };
    const cable = new Cable({ room: 1 + rng.int(4), passed });
    void host.accept(cable.ends[1]);
    return cable.ends[0];
  };
  const backoff = { firstSeconds: 0.001, capSeconds: 0.002 };
  const clients = dealData(tinyData(), settings).map(async (data, index) => {
    const place = [index, settings.clients] as const;
    const transport = await connect();
    for await (const _ of participate({ transport, data, engine, place, reconnect: { connect, backoff } }));
  });
  await Promise.all(clients);
  return { result: await host.finished, cuts };
}

const few = { schedule: 'splitfed-v2' };

describe('a run whose links are lost again and again', () => {
  it.each<readonly [what: string, options: RunOptions]>([
    ['splitfed-v2', { schedule: 'splitfed-v2' }],
    ['sequential', { schedule: 'sequential' }],
    ['splitfed-v1', { schedule: 'splitfed-v1' }],
    ['splitfed-v3', { schedule: 'splitfed-v3' }],
    ['u-shaped', { schedule: 'splitfed-v2', topology: 'u-shaped' }],
    ['fedavg', { schedule: 'fedavg' }],
    ['local-loss', { schedule: 'local-loss' }],
    // Each codec, one way or the other.
    ['halves', { ...few, codecUp: 'fp16', codecDown: 'bf16', codecWeights: 'fp16' }],
    ['levels', { ...few, codecUp: 'int8:channel', codecDown: 'int4:tensor+rans', codecWeights: 'int8+rans' }],
    ['few levels', { ...few, codecUp: 'int3:learned+rans', codecDown: 'int2:tensor', codecWeights: 'int4' }],
    ['some values', { ...few, codecUp: 'randtopk:40+int4+rans', codecDown: 'topk:40+int8' }],
    ['rotations', { ...few, codecUp: 'project:2+int8', codecDown: 'delta+int8' }],
    ['differences', { ...few, codecUp: 'delta:5+int4+rans', codecDown: 'delta+topk:40+int8+rans' }],
    ['words', { ...few, codecUp: 'correct:0.1+pq:2+rans', codecDown: 'delta+pq:3' }],
    ['a pool', { schedule: 'local-loss', epochs: 4, pool: 2 }],
    ['a pool in few bits', { schedule: 'local-loss', epochs: 4, pool: 2, poolEvery: 2, codecUp: 'delta+int4+rans' }],
  ])(`%s: is the same, bit for bit, as one that loses none (TANDEM_SEED=${seed})`, async (_what, options) => {
    const expected = await simulate({ task: tinyTask, data: tinyData(), ...size, ...options, loadedEngine: engine });
    const { result, cuts } = await cutRun(options, 3);
    expect(cuts).toBeGreaterThan(10);
    expect(result.summary.weightsHash).toBe(expected.summary.weightsHash);
    expect(result.summary).toMatchObject({ steps: expected.summary.steps, samples: expected.summary.samples });
    expect(result.summary.testAccuracy).toBe(expected.summary.testAccuracy);
  });
});
