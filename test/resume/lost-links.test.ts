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
async function cutRun(
  options: RunOptions & { readonly schedule?: string },
  every: number,
): Promise<{ result: RunResult; cuts: number }> {
  const rng = createRng('cuts', seed, every, options.schedule ?? '');
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

describe('a run whose links are lost again and again', () => {
  it.each([
    ['splitfed-v2', 'vanilla'],
    ['sequential', 'vanilla'],
    ['splitfed-v1', 'vanilla'],
    ['splitfed-v3', 'vanilla'],
    ['splitfed-v2', 'u-shaped'],
    ['fedavg', 'vanilla'],
    ['local-loss', 'vanilla'],
  ])(`%s, %s: is the same, bit for bit, as one that loses none (TANDEM_SEED=${seed})`, async (schedule, topology) => {
    const expected = await simulate({
      task: tinyTask,
      data: tinyData(),
      ...size,
      schedule,
      topology,
      loadedEngine: engine,
    });
    const { result, cuts } = await cutRun({ schedule, topology }, 3);
    expect(cuts).toBeGreaterThan(10);
    expect(result.summary.weightsHash).toBe(expected.summary.weightsHash);
    expect(result.summary).toMatchObject({ steps: expected.summary.steps, samples: expected.summary.samples });
    expect(result.summary.testAccuracy).toBe(expected.summary.testAccuracy);
  });
});
