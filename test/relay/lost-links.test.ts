import { beforeAll, describe, expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { RelayHost } from '../../relay/relay-host.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import { createRng } from '../../shared/rng.js';
import type { Transport } from '../../shared/transport/transport.js';
import { simulate } from '../../simulator/simulate.js';
import { Cable } from '../helpers/cable.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const seed = process.env.TANDEM_SEED ?? '37';
const size = { clients: 2, epochs: 2, batch: 5, roundSteps: 2, seed: 7, topology: 'multi-hop' } as const;
const backoff = { firstSeconds: 0.001, capSeconds: 0.002 };
/** `below` are the links between clients and the relay, `above` those between the relay and the server. */
type Where = 'below' | 'above';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

/** A run through a relay whose links are cut every few messages, in the places that are named. */
async function cutRun(schedule: string, cut: readonly Where[]) {
  const settings = resolveRun(tinyTask, { ...size, schedule });
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', graceSeconds: 20 });
  const cuts: Record<Where, number> = { below: 0, above: 0 };
  const linkTo = (where: Where, accept: (transport: Transport) => Promise<void>) => {
    const rng = createRng('relay-cuts', seed, schedule, where);
    return async () => {
      // Enough to be let in: before that there is no session that could go on.
      let left = cut.includes(where) ? 4 + rng.int(6) : 0;
      const passed = (self: Cable) => {
        if (--left !== 0) return;
        cuts[where]++;
        self.cut();
      };
      const cable = new Cable({ room: 1 + rng.int(4), passed });
      void accept(cable.ends[1]);
      return cable.ends[0];
    };
  };
  const relay = await RelayHost.open({
    connect: linkTo('above', (transport) => host.accept(transport)),
    reconnect: { backoff },
    graceSeconds: 20,
    engine,
  });
  const connect = linkTo('below', (transport) => relay.accept(transport));
  const clients = dealData(tinyData(), settings).map(async (data, index) => {
    const place = [index, settings.clients] as const;
    const transport = await connect();
    for await (const _ of participate({ transport, data, engine, place, reconnect: { connect, backoff } }));
  });
  await Promise.all(clients);
  const { summary } = await host.finished;
  host.close(new TandemError('CANCELLED', 'the test is over'));
  relay.close(new TandemError('CANCELLED', 'the test is over'));
  return { summary, cuts, relayed: await relay.finished };
}

describe('a run through a relay whose links are lost again and again', () => {
  it.each<[string, readonly Where[]]>([
    ['splitfed-v2', ['below']],
    ['splitfed-v2', ['above']],
    ['splitfed-v2', ['below', 'above']],
    ['sequential', ['below', 'above']],
    ['splitfed-v1', ['below', 'above']],
  ])(`%s, %j: is the same, bit for bit, as one that loses none (TANDEM_SEED=${seed})`, async (schedule, cut) => {
    const options = { task: tinyTask, data: tinyData(), ...size, schedule, loadedEngine: engine };
    const expected = (await simulate(options)).summary;
    const { summary, cuts, relayed } = await cutRun(schedule, cut);
    for (const where of cut) expect(cuts[where], where).toBeGreaterThan(5);
    const { weightsHash, steps, samples, testAccuracy } = expected;
    expect(summary).toMatchObject({ weightsHash, steps, samples, testAccuracy });
    expect(relayed).toMatchObject({ clients: 2, steps, samples });
  });
});
