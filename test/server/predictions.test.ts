import { expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { predictOver } from '../../client/predict.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import type { Batch } from '../../shared/data/dataset.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { RunEvent } from '../../shared/events.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

it.each([
  ['splitfed-v1', 'vanilla'],
  ['splitfed-v2', 'vanilla'],
  ['async', 'u-shaped'],
  ['splitfed-v1', 'u-shaped'],
])('in the middle of a round of %s, %s, bottom and top of one aggregation predict', async (schedule, topology) => {
  const engine = await chooseEngine('tfjs');
  const events: RunEvent[] = [];
  const options = { clients: 3, epochs: 2, batch: 5, roundSteps: 3, seed: 7, schedule, topology };
  const settings = resolveRun(tinyTask, options);
  const onEvent = (event: RunEvent) => void events.push(event);
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', onEvent });
  const link = () => {
    const [here, there] = loopbackPair();
    void host.accept(there);
    return here;
  };
  const data = tinyData(3 * 17);
  const batch = await (data.test ?? data.train).batch([3, 1, 4, 6]);
  const predictions = (batches: Iterable<Batch>) => predictOver(link(), batches, engine);
  const now = async () => (await predictions([batch]).next()).value?.outputs;
  function* forever() {
    for (;;) yield batch;
  }
  const asking = predictions(forever());
  const clients = dealData(data, settings).map((own, client) =>
    participate({ transport: link(), data: own, engine, place: [client, 3] as const }),
  );
  const step = () => Promise.all(clients.map((client) => client.next()));

  const first = await now();
  await step();
  await step();
  expect(await now()).toEqual(first);
  expect((await asking.next()).value?.outputs).toEqual(first);
  // Into the next round.
  await step();
  await step();
  await step();
  expect(events.filter(({ kind }) => kind === 'aggregated')).toHaveLength(1);
  const second = await now();
  expect(second).not.toEqual(first);
  // Who has asked before is given the new bottoms.
  expect((await asking.next()).value?.outputs).toEqual(second);
  while (!(await step()).every(({ done }) => done));
  const { summary } = await host.finished;
  expect(summary.steps).toBe(24);
});
