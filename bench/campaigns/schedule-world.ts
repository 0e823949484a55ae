import { createRng, type Rng } from '../../shared/rng.js';
import { SimulatedClient } from './schedule-client.js';
import type { Endpoint, WorldBugs } from './schedule-endpoint.js';
import { drawBeginning, TEST_SAMPLES } from './schedule-plan.js';
import { SimulatedServer } from './schedule-server.js';

const MOST_EVENTS = 20_000;

/**
 * The reducers of a server and its clients, and what numbers, keeps and settles their messages, over simulated links and disks. A seed decides
 * what happens next: a message arrives or is taken, a link is cut or comes back, a checkpoint is asked for, taken, written or counted on, a side
 * crashes.
 */
export class ScheduleWorld {
  private readonly rng: Rng;
  private readonly server: SimulatedServer;
  private readonly clients: readonly SimulatedClient[];
  events = 0;
  crashes = 0;
  /** How many times a client went back to the checkpoint before its newest. */
  setBack = 0;

  constructor(
    seed: string | number,
    private readonly faults: boolean,
    bugs: WorldBugs = {},
  ) {
    // What is to be computed is fixed by one stream, what happens by another.
    const plan = createRng('schedule-plan', seed);
    this.rng = createRng('schedule', seed);
    const beginning = drawBeginning(plan);
    const isDue = () => faults && this.rng.int(6) === 0;
    const { server, clients, shared, room } = beginning;
    this.server = new SimulatedServer(bugs, room, server, shared, faults);
    this.clients = clients.map((state) => new SimulatedClient(bugs, room, state, isDue));
    if (faults) this.clients.forEach((client) => client.saveFirst());
    this.clients.forEach((_, client) => {
      this.server.advance({ kind: 'joined', client, samples: 1 + plan.int(4), testSamples: TEST_SAMPLES });
    });
    if (faults) this.server.saveFirst();
  }

  /** What the run came to; undefined when it did not end. Throws where a side refuses the other. */
  play(): string | undefined {
    for (; this.events < MOST_EVENTS; this.events++) {
      // A server that goes back after the end gets there again from what its clients still keep.
      if (this.server.finished && this.clients.every(({ over }) => over)) return this.result;
      this.happen();
    }
    return undefined;
  }

  private get result(): string {
    return JSON.stringify([this.server.outcome, this.clients.map(({ bottom }) => bottom)]);
  }

  private happen(): void {
    const id = this.rng.int(this.clients.length);
    const [client, up] = [this.clients[id], this.server.links[id]];
    if (!client || !up) return;
    const dice = this.faults ? this.rng.int(64) : 63;
    switch (dice) {
      case 0:
        return this.cut(id);
      case 1:
        return this.rng.int(4) === 0 ? this.crashServer() : undefined;
      case 2:
        return this.rng.int(3) === 0 && !client.over ? this.crashClient(id) : undefined;
      case 3:
        return this.rng.int(2) === 0 ? client.link.ping() : up.ping();
      default:
        if (dice < 10) return this.server.saveOn(this.rng.int(8) !== 0);
        if (dice < 14) return client.saveOn();
        if (dice < 18) return client.rest();
    }
    if (!client.link.out) return this.join(id);
    switch (this.rng.int(4)) {
      case 0:
        return this.carry(client.link, (frame) => this.server.links[id]?.arrive(frame));
      case 1:
        return this.carry(up, (frame) => this.atClient(id, () => client.link.arrive(frame)));
      case 2:
        return this.server.goOn(id);
      default:
        return client.takeNext();
    }
  }

  private carry(from: Endpoint, to: (frame: NonNullable<Endpoint['out']>[number]) => void): void {
    const frame = from.handOver();
    if (frame) to(frame);
  }

  /** A client that relies on more than the server has after a crash goes back once more. */
  private atClient(id: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!this.clients[id]?.goFurtherBack(error)) throw error;
      this.setBack++;
      this.cut(id);
    }
  }

  private join(id: number): void {
    this.cut(id);
    this.clients[id]?.link.resume();
  }

  private cut(id: number): void {
    this.server.links[id]?.cut();
    this.clients[id]?.link.cut();
  }

  private crashServer(): void {
    this.crashes++;
    this.server.crash();
    this.clients.forEach((_, id) => this.cut(id));
  }

  private crashClient(id: number): void {
    this.crashes++;
    this.clients[id]?.crash();
    this.cut(id);
  }
}

export interface Played {
  readonly wrong: string | undefined;
  readonly crashes: number;
  readonly events: number;
  readonly setBack: number;
}

/** Plays one schedule; answers what went wrong. */
export function playSchedule(seed: string | number, bugs: WorldBugs = {}): Played {
  const expected = new ScheduleWorld(seed, false).play();
  const world = new ScheduleWorld(seed, true, bugs);
  const wrong = whatIsWrong(world, expected);
  const { crashes, events, setBack } = world;
  return { wrong, crashes, events, setBack };
}

function whatIsWrong(world: ScheduleWorld, expected: string | undefined): string | undefined {
  try {
    const result = world.play();
    if (result === undefined) return 'it did not end';
    return result === expected ? undefined : `${result}, not ${expected ?? ''}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'it failed';
  }
}
