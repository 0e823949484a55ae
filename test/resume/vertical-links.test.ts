import { beforeAll, describe, expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { createRng } from '../../shared/rng.js';
import { dealToParties } from '../../simulator/deal-to-parties.js';
import { simulate } from '../../simulator/simulate.js';
import { Cable } from '../helpers/cable.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';

const seed = process.env.TANDEM_SEED ?? '41';
const task = verticalTask();
const data = verticalData();
let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

interface Setting {
  readonly topology: string;
  readonly clients: number;
  /** The share of rows that each party lacks, where rows are matched by id. */
  readonly missingIds?: number;
}

/** A vertical run all of whose links are cut every few messages. */
async function cutRun({ missingIds, ...options }: Setting) {
  const rng = createRng('vertical-cuts', seed, options.topology, options.clients);
  const aligned = missingIds === undefined;
  const settings = resolveRun(task, { ...options, aligned, seed: 3 });
  const host = await createHost({ task, settings, engine, transport: 'loopback', graceSeconds: 20 });
  let cuts = 0;
  const connect = async () => {
    // Enough to be let in: before that there is no session that could go on.
    let left = 6 + rng.int(6);
    const passed = (self: Cable) => {
      if (--left !== 0) return;
      cuts++;
      self.cut();
    };
    const cable = new Cable({ room: 1 + rng.int(4), passed });
    void host.accept(cable.ends[1]);
    return cable.ends[0];
  };
  const backoff = { firstSeconds: 0.001, capSeconds: 0.002 };
  const dealt = await dealToParties(task, data, settings, missingIds);
  const parties = dealt.map(async (own, index) => {
    const party = index === dealt.length - 1 ? 'active' : index;
    const transport = await connect();
    const steps = participate({ transport, data: own, engine, party, aligned, reconnect: { connect, backoff } });
    for await (const _ of steps);
  });
  await Promise.all(parties);
  return { summary: (await host.finished).summary, cuts };
}

describe('a vertical run whose links are lost again and again', () => {
  it.each<Setting>([
    { topology: 'vertical', clients: 4 },
    { topology: 'vertical-u-shaped', clients: 3 },
    { topology: 'vertical', clients: 4, missingIds: 0.1 },
  ])(`%j: is the same, bit for bit, as one that loses none (TANDEM_SEED=${seed})`, async (setting) => {
    const expected = await simulate({ task, data, ...setting, seed: 3, loadedEngine: engine, transport: 'loopback' });
    const { summary, cuts } = await cutRun(setting);
    expect(cuts).toBeGreaterThan(20);
    const { steps, samples, weightsHash, testAccuracy, testLoss } = expected.summary;
    expect(summary).toMatchObject({ steps, samples, weightsHash, testAccuracy, testLoss });
  });
});
