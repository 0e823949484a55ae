import { beforeAll, describe, expect, it, vi } from 'vitest';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { MemoryStore } from '../../shared/checkpoint/memory-store.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import type { OnEvent } from '../../shared/events.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { beforeCalls } from '../helpers/around-calls.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { turns } from '../resume/world-time.js';

let engine: Engine;
beforeAll(async () => void (engine = await chooseEngine('tfjs')));

class CountingStore extends MemoryStore {
  saved = 0;

  override save(name: string, bytes: Uint8Array): Promise<void> {
    this.saved++;
    return super.save(name, bytes);
  }
}

/** A server whose lanes compute with one engine, and clients that do with another each. */
async function begin(
  options: RunOptions,
  samples: number,
  lanes: Engine,
  clientEngine: (client: number) => Engine,
  store?: CheckpointStore,
  onEvent?: OnEvent,
) {
  const settings = resolveRun(tinyTask, { epochs: 1, batch: 5, seed: 7, ...options });
  const steps = Array.from({ length: settings.clients }, () => 0);
  const host = await createHost({
    task: tinyTask,
    settings,
    engine: lanes,
    transport: 'loopback',
    graceSeconds: 5,
    ...(store ? { checkpoints: { store, everySteps: 3 } } : {}),
    onEvent: (event) => {
      onEvent?.(event);
      if (event.kind === 'step') steps[event.client] = (steps[event.client] ?? 0) + 1;
    },
  });
  const clients = dealData(tinyData(samples), settings).map(async (data, client) => {
    const connect = () => {
      const [here, there] = loopbackPair();
      void host.accept(there);
      return Promise.resolve(here);
    };
    const reconnect = { connect };
    const transport = await connect();
    const place = [client, settings.clients] as const;
    for await (const _ of participate({ transport, data, engine: clientEngine(client), place, reconnect }));
  });
  const ended = Promise.allSettled(clients);
  return { host, steps, ended };
}

describe('a fault of the course of a run', () => {
  it.each([0, 2])('ends the run, and is not held against client %i, which happened to speak', async (speaks) => {
    const refused: unknown[] = [];
    const run = { schedule: 'splitfed-v1', clients: 3 };
    const { host, ended } = await begin(
      run,
      3 * 5 * 7,
      engine,
      () => engine,
      undefined,
      (event) => {
        if (event.kind === 'refused') refused.push(event.code);
        if (event.kind === 'step' && event.client === speaks) host.run.members.get = fails;
      },
    );
    const fails = () => {
      throw new TypeError('a fault made up');
    };
    await expect(host.finished).rejects.toMatchObject({ code: 'INTERNAL', message: /a fault made up/ });
    expect(refused).toEqual([]);
    host.close(new TandemError('CANCELLED', 'enough was seen'));
    await ended;
  });
});

describe('lanes of one client each', () => {
  it.each([
    ['splitfed-v1', 'vanilla'],
    ['splitfed-v3', 'vanilla'],
    ['splitfed-v1', 'u-shaped'],
  ])('%s, %s: work side by side', async (schedule, topology) => {
    let [atWork, most] = [0, 0];
    const lanes = beforeCalls(engine, 'forward', async () => {
      most = Math.max(most, ++atWork);
      await turns(40);
      atWork--;
    });
    const { host, ended } = await begin({ schedule, topology, clients: 8 }, 8 * 11, lanes, () => engine);
    await ended;
    expect((await host.finished).summary.steps).toBe(8 * 3);
    expect(most).toBeGreaterThanOrEqual(7);
  });

  it.each(['vanilla', 'u-shaped'])('%s: do not wait for one that stops in the middle of a step', async (topology) => {
    const stops = 1;
    let forwards = 0;
    // Its last segment: the bottom of a vanilla run, and the top of a u-shaped one, so that half a step is done.
    const last = topology === 'u-shaped' ? 2 : 0;
    const stopping = beforeCalls(engine, 'forward', async (segment) => {
      if (segment === last && ++forwards > 2) await new Promise(() => undefined);
    });
    const engines = (client: number) => (client === stops ? stopping : engine);
    const run = { schedule: 'splitfed-v1', topology, clients: 4 };
    const store = new CountingStore();
    const { host, steps } = await begin(run, 4 * 5 * 7, engine, engines, store);
    // Other threads compute, so turns of this one say nothing of how far they are.
    await vi.waitFor(() => expect(steps).toEqual([7, 2, 7, 7]), { timeout: 20_000, interval: 2 });
    // Nor does a checkpoint wait, of which there is one every three steps.
    expect(store.saved).toBeGreaterThanOrEqual(5);
    host.finished.catch(() => undefined);
    host.close(new TandemError('CANCELLED', 'enough was seen'));
  });
});
