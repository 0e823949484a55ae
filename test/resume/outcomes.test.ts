import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import type { RunHost } from '../../server/run/run-host.js';
import type { RunSnapshot } from '../../server/run/run-snapshot.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import { MemoryStore } from '../../shared/checkpoint/memory-store.js';
import { realClock, type Clock } from '../../shared/clock.js';
import { resolveRun } from '../../shared/config.js';
import { onCrashPoint } from '../../shared/crash-point.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import { Cable } from '../helpers/cable.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});
afterEach(() => onCrashPoint(undefined));

/** Pauses before a client comes back are a turn of the event loop. */
const hasty: Clock = {
  after(seconds, callback) {
    if (seconds === 5 || seconds > 10) return realClock.after(seconds, callback);
    const turn = setImmediate(callback);
    return () => clearImmediate(turn);
  },
};

const noBeat = { heartbeatSeconds: 60 };
const long = { graceSeconds: 60, ...noBeat };
const over = new TandemError('CANCELLED', 'the test is over');

/** Servers of one run, one after the other on the same store, and its clients. */
class Place {
  readonly store = new MemoryStore();
  readonly settings;
  private host: RunHost | undefined;

  constructor(change: Parameters<typeof resolveRun>[1] = {}) {
    this.settings = resolveRun(tinyTask, { clients: 2, epochs: 1, batch: 5, roundSteps: 2, seed: 13, ...change });
  }

  async serve(): Promise<RunHost> {
    const checkpoints = { store: this.store, everySteps: 3, mostKept: 0 };
    const about = { task: tinyTask, settings: this.settings, engine, transport: 'loopback', ...long };
    const host = await createHost({ ...about, checkpoints });
    // Nobody is let in by a server that is about to end.
    host.finished.catch(() => (this.host = undefined));
    return (this.host = host);
  }

  /** Each client takes part, and leaves after so many steps. */
  join(leaveAfter = Infinity): Promise<void[]> {
    const connect = async () => {
      const cable = new Cable({ room: 3 });
      if (!this.host) throw new TandemError('UNREACHABLE', 'no server is up');
      void this.host.accept(cable.ends[1]);
      return cable.ends[0];
    };
    const reconnect = { connect, clock: hasty, backoff: { firstSeconds: 0.001, capSeconds: 0.002 } };
    const parts = dealData(tinyData(31, 5, 9), this.settings);
    return Promise.all(
      parts.map(async (data, index) => {
        const place = [index, parts.length] as const;
        const steps = participate({ transport: await connect(), data, engine, place, reconnect, ...noBeat });
        let done = 0;
        for await (const _ of steps) if (++done >= leaveAfter) return;
      }),
    );
  }

  async snapshot(): Promise<RunSnapshot> {
    return (await this.store.load('server', decodeCheckpoint)) as RunSnapshot;
  }
}

describe('a run that all clients have left', () => {
  it.each(['splitfed-v1', 'sequential', 'fedavg'])(
    'waits for them after a restart, and goes on, with %s',
    async (schedule) => {
      const place = new Place({ schedule });
      const host = await place.serve();
      await place.join(3);
      await expect(host.finished).rejects.toMatchObject({ code: 'NO_CLIENTS' });
      expect((await place.snapshot()).run).toMatchObject({ phase: 'finished', failure: { code: 'NO_CLIENTS' } });
      // Nobody comes at first.
      (await place.serve()).close(over);
      const again = await place.serve();
      expect(again.run).toMatchObject({ phase: 'gathering', failure: null });
      const before = again.run.steps;
      expect(before).toBeGreaterThan(0);
      await place.join();
      const { summary } = await again.finished;
      expect(summary.steps).toBe(7);
      expect(summary.stopped).toBe('epochs');
      expect((await place.snapshot()).run).toMatchObject({ phase: 'finished', failure: null });
    },
  );
});

describe('a run that failed', () => {
  it('for another reason fails so again', async () => {
    const place = new Place();
    await place.serve();
    await place.join();
    const snapshot = await place.snapshot();
    const failure = { code: 'BAD_MODEL', message: 'it was no model', action: 'give another' } as const;
    await place.store.save('server', await encodeCheckpoint({ ...snapshot, run: { ...snapshot.run, failure } }));
    await expect((await place.serve()).finished).rejects.toMatchObject(failure);
  });

  it('through a fault of the server loses no session, and goes on with the same bits', async () => {
    const undisturbed = new Place();
    const first = await undisturbed.serve();
    await undisturbed.join();
    const { summary: expected } = await first.finished;

    const place = new Place();
    const host = await place.serve();
    let merges = 0;
    onCrashPoint((point) => {
      if (point === 'server.before-merge' && ++merges === 2) throw new Error('a fault of the program');
    });
    const joined = place.join();
    await expect(host.finished).rejects.toMatchObject({ code: 'INTERNAL', message: 'a fault of the program' });
    const again = await place.serve();
    expect(again.run.phase).toBe('training');
    await joined;
    expect((await again.finished).summary).toMatchObject({ weightsHash: expected.weightsHash, steps: expected.steps });
  });
});

describe('a server that is closed in the middle of a run', () => {
  it('does not write that its clients have left', async () => {
    const place = new Place();
    const host = await place.serve();
    let steps = 0;
    onCrashPoint((point) => {
      if (point === 'client.after-learn' && ++steps === 5) host.close(over);
    });
    await expect(place.join()).rejects.toMatchObject({ code: 'CANCELLED' });
    const again = await place.serve();
    expect(again.run.phase).toBe('training');
    expect([...again.run.members.values()].filter(({ present }) => present)).toHaveLength(2);
    again.close(over);
  });
});
