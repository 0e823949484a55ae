import { beforeAll, describe, expect, it, vi } from 'vitest';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import type { RunHost } from '../../server/run/run-host.js';
import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { MemoryStore } from '../../shared/checkpoint/memory-store.js';
import { realClock, type Clock } from '../../shared/clock.js';
import { resolveRun } from '../../shared/config.js';
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

/** A second until the next try is a moment; so is each pause before a client comes back. Trying at every turn would leave no time to train. */
const hasty: Clock = {
  after(seconds, callback) {
    if (seconds === 5 || seconds > 10) return realClock.after(seconds, callback);
    return realClock.after(0.003, callback);
  },
};

/** A disk that is full while it is told so. */
class Disk implements CheckpointStore {
  full: (save: number) => boolean = () => false;
  onRefused = (): void => undefined;
  readonly kept = new MemoryStore();
  refused = 0;
  private saves = 0;

  async save(name: string, bytes: Uint8Array): Promise<void> {
    if (this.full(this.saves++)) {
      this.refused++;
      this.onRefused();
      throw new TandemError('CANNOT_WRITE', 'cannot write st: there is no room left (ENOSPC)', 'make room there');
    }
    await this.kept.save(name, bytes);
  }

  load<T>(name: string, read: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined> {
    return this.kept.load(name, read);
  }

  close(): Promise<void> {
    return this.kept.close();
  }
}

class World {
  readonly disk = new Disk();
  readonly clientDisks = [new Disk(), new Disk()];
  readonly said: string[] = [];
  steps = 0;
  private readonly settings;
  private readonly waiting = new Set<() => void>();
  private host: RunHost | undefined;

  constructor(schedule: string) {
    const size = { clients: 2, epochs: 4, batch: 5, roundSteps: 3, seed: 13 };
    this.settings = resolveRun(tinyTask, { ...size, schedule });
    this.disk.onRefused = this.look;
  }

  /** Resolves when it holds, however long that takes: it is asked after every step, and whenever the disk was full. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.add(() => holds() && resolve());
      this.look();
    });
  }

  private readonly look = (): void => this.waiting.forEach((ask) => ask());

  async serve(): Promise<RunHost> {
    const onTrouble = (text: string) => void this.said.push(text);
    const checkpoints = { store: this.disk, everySteps: 3, mostKept: 0, onTrouble, clock: hasty };
    const about = { task: tinyTask, settings: this.settings, engine, transport: 'loopback', graceSeconds: 60 };
    const onEvent = ({ kind }: { kind: string }) => {
      this.steps += Number(kind === 'step');
      this.look();
    };
    const host = await createHost({ ...about, heartbeatSeconds: 60, checkpoints, onEvent });
    host.finished.catch(() => (this.host = undefined));
    return (this.host = host);
  }

  join(): Promise<void[]> {
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
        const store = this.clientDisks[index] ?? new Disk();
        const checkpoints = {
          store,
          everySteps: 2,
          clock: hasty,
          onTrouble: (text: string) => void this.said.push(text),
        };
        const place = [index, parts.length] as const;
        const about = { data, engine, place, reconnect, checkpoints, heartbeatSeconds: 60 };
        for await (const _ of participate({ transport: await connect(), ...about }));
      }),
    );
  }
}

async function undisturbed(schedule: string) {
  const world = new World(schedule);
  const host = await world.serve();
  await world.join();
  const { summary } = await host.finished;
  expect(world.said).toEqual([]);
  return summary;
}

describe.each(['splitfed-v2', 'async', 'fedavg'])('a full disk under --state, with %s', (schedule) => {
  it('of the server is told once, and once that it is over; the run ends as if nothing had happened', async () => {
    const expected = await undisturbed(schedule);
    const world = new World(schedule);
    world.disk.full = (save) => save % 7 > 2;
    const host = await world.serve();
    await world.join();
    const { summary } = await host.finished;
    expect(summary.steps).toBe(expected.steps);
    if (schedule !== 'async') expect(summary.weightsHash).toBe(expected.weightsHash);
    expect(world.disk.refused).toBeGreaterThan(3);
    expect(world.said[0]).toMatch(/^cannot write st: .*: make room there; training goes on .*\(CANNOT_WRITE\)$/);
    expect(world.said[1]).toBe('checkpoints are written again');
  });

  it('of a client is told by it, and costs nothing else', async () => {
    const expected = await undisturbed(schedule);
    const world = new World(schedule);
    for (const disk of world.clientDisks) disk.full = (save) => save % 5 !== 3;
    const host = await world.serve();
    await world.join();
    const { summary } = await host.finished;
    if (schedule !== 'async') expect(summary.weightsHash).toBe(expected.weightsHash);
    expect(world.said.some((text) => text.startsWith('cannot write st'))).toBe(true);
  });
});

describe('a server whose disk is full', () => {
  it('tells nobody what no checkpoint has, and goes on from the one before when it is started again with room', async () => {
    const expected = await undisturbed('splitfed-v2');
    const world = new World('splitfed-v2');
    let isFull = false;
    world.disk.full = (save) => isFull || (isFull = save > 1);
    const host = await world.serve();
    const joined = world.join();
    await world.until(() => world.disk.refused > 3);
    // As long as nothing depends on it, training goes on.
    await world.until(() => world.steps === expected.steps);
    await host.drain(1, null);
    await expect(host.finished).rejects.toMatchObject({
      code: 'CANNOT_WRITE',
      message: 'cannot write st: there is no room left (ENOSPC)',
      action: expect.stringMatching(/^make room there; then start it again with the same --state/) as string,
    });
    world.disk.full = () => false;
    const again = await world.serve();
    expect(again.run.steps).toBeLessThan(expected.steps);
    await joined;
    const { summary } = await again.finished;
    expect(summary).toMatchObject({ steps: expected.steps, weightsHash: expected.weightsHash });
  });

  it('and that breaks down in another way ends the run, and no session', async () => {
    const world = new World('splitfed-v2');
    const host = await world.serve();
    const save = vi.spyOn(world.disk, 'save').mockRejectedValue(new TypeError('a fault of the program'));
    const joined = world.join();
    await expect(host.finished).rejects.toMatchObject({ code: 'INTERNAL' });
    save.mockRestore();
    await world.serve();
    await joined;
  });
});
