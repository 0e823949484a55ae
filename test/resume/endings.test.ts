import { beforeAll, describe, expect, it, vi } from 'vitest';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { MemoryStore } from '../../shared/checkpoint/memory-store.js';
import type { Clock } from '../../shared/clock.js';
import { resolveRun } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import { knownCapabilities } from '../../shared/protocol/capabilities.js';
import { decodeMessage } from '../../shared/protocol/message-codec.js';
import { Cable } from '../helpers/cable.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const size = { clients: 3, epochs: 1, batch: 7, seed: 11 };
/** Both sides are of today, and name all that there is. */
const everything = { offered: knownCapabilities, agreed: knownCapabilities };
const backoff = { firstSeconds: 0.001, capSeconds: 0.002 };

/** A clock whose alarms ring by hand. */
class Alarms implements Clock {
  private readonly set = new Set<{ readonly seconds: number; readonly ring: () => void }>();

  after(seconds: number, ring: () => void): () => void {
    const alarm = { seconds, ring };
    this.set.add(alarm);
    return () => this.set.delete(alarm);
  }

  ring(seconds: number): void {
    for (const alarm of [...this.set].filter((other) => other.seconds === seconds)) {
      this.set.delete(alarm);
      alarm.ring();
    }
  }
}

/** A run whose clients are each cut off when `finished` has reached them; `comesBack` tells whether one finds the server again. */
async function cutAtTheEnd(comesBack: (client: number) => boolean) {
  const settings = resolveRun(tinyTask, size);
  const [clock, clientClock] = [new Alarms(), new Alarms()];
  const checkpoints = { store: new MemoryStore() };
  const common = { task: tinyTask, settings, engine, transport: 'loopback', graceSeconds: 37, checkpoints };
  const host = await createHost({ ...common, clock });
  let cuts = 0;
  const clients = dealData(tinyData(), settings).map(async (data, index) => {
    const connect = async (address?: string | null) => {
      // Of the first link there is no address to come back to.
      if (address !== undefined && !comesBack(index)) return new Promise<never>(() => undefined);
      const passed = (self: Cable, bytes: Uint8Array) => {
        if (decodeMessage(bytes, everything).type !== 'finished') return;
        cuts++;
        self.cut();
      };
      const cable = new Cable({ room: 1 + index, passed });
      void host.accept(cable.ends[1]);
      return cable.ends[0];
    };
    const place = [index, settings.clients] as const;
    const reconnect = comesBack(index) ? { connect, backoff } : { connect, backoff, clock: clientClock };
    const options = { transport: await connect(), data, engine, place, reconnect };
    for await (const _ of participate(options));
  });
  const restart = () => createHost({ ...common, clock: new Alarms() });
  return { host, clock, clientClock, clients, cuts: () => cuts, restart };
}

describe('a run whose clients lose their link when they have heard of its end', () => {
  it('ends at once when they come back to say so', async () => {
    const { host, clients, cuts } = await cutAtTheEnd(() => true);
    await Promise.all(clients);
    const { summary } = await host.finished;
    expect(summary.steps).toBeGreaterThan(0);
    expect(cuts()).toBe(size.clients);
  });

  it('waits for one that does not, for the time of grace', async () => {
    const { host, clock, clientClock, clients, cuts, restart } = await cutAtTheEnd((client) => client !== 1);
    await Promise.all([clients[0], clients[2]]);
    let ended = false;
    void host.finished.then(() => (ended = true));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    // A server that crashes now waits for this one only when it is up again.
    await vi.waitFor(async () => {
      const again = await restart();
      const { phase } = again.run;
      const waitedFor = again.links.byId.size;
      again.finished.catch(() => undefined);
      again.close(new TandemError('CANCELLED', 'the test is over'));
      expect({ phase, waitedFor }).toEqual({ phase: 'finished', waitedFor: 1 });
    });
    clock.ring(37);
    await host.finished;
    expect(cuts()).toBe(size.clients);
    // The client gives up by itself: it has heard all there was to hear.
    clientClock.ring(5);
    await clients[1];
  });
});
