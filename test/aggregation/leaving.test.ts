import { beforeAll, describe, expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const seed = 37;
const data = tinyData(105, 5);
let engine: Engine;

beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

/** A run of five clients; `leaves` says after how many of its steps a client goes. A round is three steps of each. */
async function run(schedule: string, aggregation: string, leaves: ReadonlyMap<number, number>, epochs = 6) {
  const settings = resolveRun(tinyTask, { schedule, aggregation, clients: 5, epochs, seed, engine: 'tfjs' });
  const merged: number[] = [];
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'aggregated') merged.push(event.clients);
  };
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', onEvent });
  const clients = dealData(data, settings).map(async (part, index) => {
    const [transport, server] = loopbackPair();
    void host.accept(server);
    let steps = 0;
    for await (const _ of participate({ transport, data: part, engine, place: [index, settings.clients] })) {
      if (++steps === leaves.get(index)) return;
    }
  });
  try {
    await Promise.all(clients);
    return { ...(await host.finished), merged };
  } finally {
    host.close(new TandemError('CANCELLED', 'the run is over'));
  }
}

describe.each(['splitfed-v1', 'splitfed-v2', 'splitfed-v3'])('when clients leave a run of %s', (schedule) => {
  // With f = 1: five are enough, four and three fall back to the median, two keep the weights of the round before.
  const leaves = new Map([
    [4, 4],
    [1, 7],
    [2, 10],
  ]);

  it.each(['krum', 'trimmed-mean:0.3', 'clip:2+fedadam'])('%s goes on with those who stay', async (rule) => {
    const { summary, trained, merged } = await run(schedule, rule, leaves);
    expect(summary.aggregation).toBe(rule);
    expect(merged, `seed ${seed}`).toEqual([5, 4, 3, 2, 2, 2]);
    expect(trained.weights.flatMap(({ data }) => [...data]).every(Number.isFinite)).toBe(true);
    expect(summary.testLoss).toBeLessThan(10);
  });
});

describe('krum with too few left to outvote one', () => {
  // All five are there in round 0, two from round 1 on.
  const leaves = new Map([
    [0, 4],
    [1, 4],
    [3, 4],
  ]);
  /** The bottom: two layers, kernel and bias of each. */
  const bottom = async (rule: string, ...rest: [typeof leaves, number?]) => {
    const { trained } = await run('splitfed-v2', rule, ...rest);
    return trained.weights.slice(0, 4).map(({ data }) => [...data]);
  };

  it.each(['krum:1', 'multi-krum:1'])('%s keeps the bottom of the round before, to the bit', async (rule) => {
    expect(await bottom(rule, leaves), `seed ${seed}`).toEqual(await bottom(rule, new Map(), 1));
  });

  it('the mean goes on', async () => {
    expect(await bottom('mean', leaves), `seed ${seed}`).not.toEqual(await bottom('mean', new Map(), 1));
  });
});
