import { beforeAll, describe, expect, it } from 'vitest';
import { participate, type JoinStep, type RunOutcome } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import type { RunHost } from '../../server/run/run-host.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { beforeCalls } from '../helpers/around-calls.js';
import { HandClock } from '../helpers/hand-clock.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

type Steps = AsyncGenerator<JoinStep, RunOutcome>;

/** A run whose clock the test moves, and its clients. */
class Field {
  private readonly parts;

  private constructor(
    readonly host: RunHost,
    readonly events: readonly RunEvent[],
    private readonly clock: HandClock,
    clients: number,
  ) {
    this.parts = dealData(tinyData(140, 5), { clients, partition: 'iid', seed: 3, limit: undefined });
  }

  static async open(options: RunOptions & { clients: number }): Promise<Field> {
    const clock = new HandClock();
    const events: RunEvent[] = [];
    const settings = resolveRun(tinyTask, { seed: 3, epochs: 6, deadlineSeconds: 3, ...options });
    const onEvent = (event: RunEvent) => void events.push(event);
    const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', onEvent, clock });
    return new Field(host, events, clock, settings.clients);
  }

  join(place: number, own = engine): Steps {
    const [client, server] = loopbackPair();
    void this.host.accept(server);
    const data = this.parts[place];
    if (!data) throw new Error(`there is no share ${place}`);
    return participate({ transport: client, data, engine: own, place: [place, this.parts.length] });
  }

  /** Waits for something, and moves the clock whenever nothing has happened for long. */
  async until<T>(thing: Promise<T>): Promise<T> {
    const state = { over: false };
    const over = thing.finally(() => (state.over = true));
    over.catch(() => undefined);
    for (let idle = 0, seen = 0; !state.over; idle++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.events.length !== seen) idle = 0;
      seen = this.events.length;
      if (idle > 300) {
        this.clock.pass();
        idle = 0;
      }
    }
    return over;
  }

  stepsOf(client: number): number {
    return this.events.filter((event) => event.kind === 'step' && event.client === client).length;
  }

  close(): void {
    this.host.close(new TandemError('CANCELLED', 'the test is over'));
  }
}

/** Goes on to the end. */
async function finish(steps: Steps): Promise<RunOutcome> {
  for (;;) {
    const next = await steps.next();
    if (next.done) return next.value;
  }
}

/** Does some steps, then neither goes on nor closes its link. */
async function vanish(steps: Steps, after: number): Promise<void> {
  for (let step = 0; step < after; step++) await steps.next();
}

describe.each(['splitfed-v1', 'splitfed-v2', 'splitfed-v3', 'async'])('ten clients in %s', (schedule) => {
  it('of which three vanish in mid-round and two come late reach the end without the three', async () => {
    const field = await Field.open({ schedule, clients: 10 });
    const early = [0, 2, 3, 5, 7].map((place) => finish(field.join(place)));
    const vanishing = [1, 4, 6].map((place, i) => vanish(field.join(place), 2 + i));
    // Eight are here: more than the quorum, so the run begins without two.
    await field.until(Promise.all(vanishing));
    const late = [8, 9].map((place) => finish(field.join(place)));
    const { summary, clients } = await field.until(field.host.finished);
    const outcomes = await field.until(Promise.all([...early, ...late]));
    field.close();
    // 14 samples each in batches of 7: two steps an epoch, six epochs.
    for (const place of [0, 2, 3, 5, 7, 8, 9]) expect(field.stepsOf(place), `client ${place}`).toBe(12);
    for (const place of [1, 4, 6]) expect(field.stepsOf(place), `client ${place}`).toBeLessThan(12);
    expect(clients).toHaveLength(10);
    expect(outcomes.map(({ steps }) => steps)).toEqual(Array(7).fill(summary.steps));
    expect(summary.testAccuracy).toBeGreaterThan(0.6);
  });
});

describe('a straggler', () => {
  it.each(['splitfed-v1', 'splitfed-v2', 'local-loss', 'fedavg'])(
    'of %s is released, comes back and does all its steps',
    async (schedule) => {
      const field = await Field.open({ schedule, clients: 3 });
      const others = [0, 1].map((place) => finish(field.join(place)));
      const slow = field.join(2);
      await field.until(vanish(slow, 1));
      const rounds = () => field.events.filter(({ kind }) => kind === 'aggregated').length;
      const before = rounds();
      await field.until(
        (async () => {
          while (rounds() < before + 2) await new Promise((resolve) => setImmediate(resolve));
        })(),
      );
      const outcomes = await field.until(Promise.all([...others, finish(slow)]));
      field.close();
      const { summary } = await field.host.finished;
      expect(outcomes.map(({ steps }) => steps)).toEqual(Array(3).fill(summary.steps));
      // 46 or 47 samples each: seven steps an epoch, six epochs.
      expect([0, 1, 2].map((client) => field.stepsOf(client))).toEqual([42, 42, 42]);
    },
  );
});

describe('a straggler that stops between the halves of its step', () => {
  it.each(['splitfed-v1', 'splitfed-v2', 'async'])(
    'of %s takes it again, and learns from it once',
    async (schedule) => {
      const field = await Field.open({ schedule, topology: 'u-shaped', clients: 3 });
      const rounds = () => field.events.filter(({ kind }) => kind === 'aggregated').length;
      const updates = [0, 0, 0];
      let forwards = 0;
      // The top is here, so its forward pass is in the middle of a step.
      const stopping = beforeCalls(engine, 'forward', async (segment) => {
        if (segment !== 2 || ++forwards !== 3) return;
        const before = rounds();
        while (rounds() < before + 2) await new Promise((resolve) => setImmediate(resolve));
      });
      const counting = beforeCalls(
        stopping,
        'update',
        (segment) => void (updates[segment] = (updates[segment] ?? 0) + 1),
      );
      const clients = [finish(field.join(0)), finish(field.join(1)), finish(field.join(2, counting))];
      await field.until(Promise.all(clients));
      field.close();
      // 46 or 47 samples each: seven steps an epoch, six epochs.
      expect([0, 1, 2].map((client) => field.stepsOf(client))).toEqual([42, 42, 42]);
      expect(updates).toEqual([42, 0, 42]);
      expect(forwards).toBe(43);
    },
  );
});

describe('partial participation', () => {
  it('takes a share of the clients a round, others the next time, the same for the same seed', async () => {
    const trainers = async () => {
      const field = await Field.open({
        schedule: 'splitfed-v1',
        clients: 5,
        participation: 0.4,
        deadlineSeconds: undefined,
      });
      await field.until(Promise.all([0, 1, 2, 3, 4].map((place) => finish(field.join(place)))));
      field.close();
      const rounds: Set<number>[] = [];
      for (const event of field.events) {
        if (event.kind === 'round-started') rounds.push(new Set());
        if (event.kind === 'step') rounds.at(-1)?.add(event.client);
      }
      return rounds.map((clients) => [...clients].sort().join());
    };
    const rounds = await trainers();
    expect(rounds.filter((clients) => clients.length === 3).length).toBeGreaterThan(10);
    expect(new Set(rounds).size).toBeGreaterThan(4);
    expect(await trainers()).toEqual(rounds);
  });
});
