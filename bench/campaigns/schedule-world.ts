import * as client from '../../client/session-reducer.js';
import type { SessionInput } from '../../client/session-state.js';
import { reduceRun } from '../../server/run/run-reducer.js';
import type { RunInput } from '../../server/run/run-state.js';
import * as server from '../../server/session/session-reducer.js';
import type { SessionInput as ServerInput } from '../../server/session/session-state.js';
import { int32 } from '../../shared/ndarray.js';
import { createRng, type Rng } from '../../shared/rng.js';
import { Endpoint, type EndpointBugs } from './schedule-endpoint.js';
import {
  drawBeginning,
  fromPayload,
  mix,
  tensor,
  toBytes,
  valueOf,
  type ClientState,
  type Kept,
  type ServerState,
} from './schedule-plan.js';

/**
 * The reducers of a server and its clients over simulated links and disks. A seed decides what happens next: a message arrives or is taken, a
 * link is cut or comes back, a side writes a checkpoint, crashes, or finds its newest checkpoint damaged.
 */
export class ScheduleWorld {
  private readonly rng: Rng;
  private readonly count: number;
  private readonly shared: boolean;
  private state: ServerState;
  private readonly clients: ClientState[];
  private up: Endpoint[];
  private readonly down: Endpoint[];
  private serverDisk: Kept<ServerState>[] = [];
  private readonly clientDisks: Kept<ClientState>[][];
  events = 0;
  crashes = 0;

  constructor(
    seed: string | number,
    private readonly faults: boolean,
    private readonly bugs: EndpointBugs = {},
  ) {
    // What is to be computed is fixed by one stream, what happens by another.
    const plan = createRng('schedule-plan', seed);
    this.rng = createRng('schedule', seed);
    const { server: first, clients, shared } = drawBeginning(plan);
    [this.state, this.clients, this.shared] = [first, [...clients], shared];
    this.count = clients.length;
    const ids = clients.map((_, id) => id);
    this.up = ids.map(() => new Endpoint(bugs));
    this.down = ids.map(() => new Endpoint(bugs));
    ids.forEach((id) => this.join(id));
    ids.forEach((id) => this.advance({ kind: 'joined', client: id, samples: 1 + plan.int(4), testSamples: 1 }));
    this.clientDisks = ids.map(() => []);
    ids.forEach((id) => this.keepClient(id));
    this.keepServer();
  }

  /** What the run came to; undefined when it did not end. Throws where a side refuses the other. */
  play(): string | undefined {
    for (; this.events < 6_000; this.events++) {
      // A server that goes back after the end gets there again from what its clients still keep.
      if (this.state.run.phase === 'finished' && this.clients.every(({ over }) => over)) return this.result;
      this.happen();
    }
    return undefined;
  }

  private get result(): string {
    return JSON.stringify([
      this.state.lanes,
      this.state.bottom,
      this.clients.map(({ bottom }) => bottom),
      this.state.run.steps,
    ]);
  }

  private happen(): void {
    const id = this.rng.int(this.count);
    const [up, down] = [this.up[id], this.down[id]];
    if (!up || !down) return;
    const dice = this.faults ? this.rng.int(64) : 63;
    if (dice === 0) return this.cut(id);
    if (dice === 1 && this.rng.int(4) === 0) return this.crashServer();
    if (dice === 2 && this.rng.int(3) === 0) return this.crashClient(id);
    if (dice === 3) return this.keepServer();
    if (!up.out) return this.join(id);
    switch (this.rng.int(4)) {
      case 0: {
        const frame = down.out?.shift();
        if (frame) up.arrive(frame);
        return;
      }
      case 1: {
        const frame = up.out.shift();
        if (frame) down.arrive(frame);
        return;
      }
      case 2: {
        const message = up.ready ? up.take() : undefined;
        if (message) this.atServer(id, { kind: 'received', message });
        return;
      }
      default: {
        const message = down.ready ? down.take() : undefined;
        if (message) this.atClient(id, { kind: 'received', message });
      }
    }
  }

  private join(id: number): void {
    const [up, down] = [this.up[id], this.down[id]];
    if (up && down) Endpoint.join(down, up);
  }

  private cut(id: number): void {
    for (const side of [this.up[id], this.down[id]]) if (side) side.out = null;
  }

  private crashServer(): void {
    this.crashes++;
    // Now and then the newest checkpoint turns out to be damaged.
    if (this.serverDisk.length > 1 && this.rng.int(3) === 0) this.serverDisk.shift();
    const kept = this.serverDisk[0];
    if (!kept) return;
    this.state = kept.state;
    this.up = kept.links.map((link) => new Endpoint(this.bugs, link));
    this.up.forEach((_, id) => this.cut(id));
  }

  private crashClient(id: number): void {
    const disk = this.clientDisks[id] ?? [];
    if (this.clients[id]?.over) return;
    this.crashes++;
    if (disk.length > 1 && this.rng.int(3) === 0) disk.shift();
    const [kept] = disk;
    if (!kept) return;
    this.clients[id] = kept.state;
    this.down[id] = new Endpoint(this.bugs, kept.links[0]);
    this.cut(id);
    const { session } = kept.state;
    if (session.phase === 'training') this.perform(id, [{ kind: 'smash', step: session.step + 1 }], false);
  }

  private keepServer(): void {
    const links = this.up.map((link) => link.snapshot());
    const [before] = this.serverDisk;
    this.serverDisk = [{ state: this.state, links }, ...this.serverDisk].slice(0, 2);
    this.up.forEach((link, id) =>
      link.store(before?.links[id]?.delivery.received ?? 0, links[id]?.delivery.received ?? 0),
    );
  }

  private keepClient(id: number): void {
    const [state, link, disk] = [this.clients[id], this.down[id], this.clientDisks[id]];
    if (!state || !link || !disk) return;
    const snapshot = link.snapshot();
    const before = disk[0]?.links[0]?.delivery.received ?? 0;
    disk.unshift({ state, links: [snapshot] });
    disk.splice(2);
    link.store(before, snapshot.delivery.received);
  }

  private atClient(id: number, input: SessionInput): void {
    const before = this.clients[id];
    if (!before || before.over) return;
    const [session, effects] = client.reduceSession(before.session, input);
    this.clients[id] = { ...before, session };
    this.perform(id, effects, true);
  }

  private perform(id: number, effects: ReturnType<typeof client.reduceSession>[1], mayKeep: boolean): void {
    for (const effect of effects) {
      const own = this.clients[id];
      if (!own) return;
      const labels = [int32([1], [1])];
      if (effect.kind === 'send') this.down[id]?.send(effect.message);
      if (effect.kind === 'load-bottom') this.clients[id] = { ...own, bottom: fromPayload(effect.message.payload) };
      if (effect.kind === 'smash') {
        if (mayKeep && this.faults && this.rng.int(3) === 0) this.keepClient(id);
        const tensors = [tensor(mix(own.bottom, effect.step))];
        this.atClient(id, { kind: 'smashed', message: { type: 'smashed', step: effect.step, tensors, labels } });
      }
      if (effect.kind === 'learn') {
        this.clients[id] = { ...own, bottom: mix(own.bottom, valueOf(effect.message.tensors)) };
        this.atClient(id, { kind: 'learned' });
      }
      if (effect.kind === 'upload') {
        const message = { type: 'bottom', round: effect.round, updates: null, payload: toBytes(own.bottom) } as const;
        this.atClient(id, { kind: 'bottom', message });
      }
      if (effect.kind === 'query') {
        const message = { type: 'query', id: effect.batch, tensors: [tensor(own.bottom)], labels } as const;
        this.atClient(id, { kind: 'query', message });
      }
      if (effect.kind === 'finish') this.clients[id] = { ...own, over: true };
      if (effect.kind === 'fail') throw effect.error;
    }
  }

  private atServer(id: number, input: ServerInput): void {
    const before = this.state.sessions[id];
    if (!before) return;
    const [session, effects] = server.reduceSession(before, input);
    this.set({ sessions: this.state.sessions.with(id, session) });
    for (const effect of effects) {
      if (effect.kind === 'send') this.up[id]?.send(effect.message);
      if (effect.kind === 'refuse') throw effect.error;
      if (effect.kind === 'step' && effect.message.type === 'smashed') {
        this.set({ waiting: this.state.waiting.with(id, effect.message) });
        this.advance({ kind: 'step-arrived', client: id });
      }
      if (effect.kind === 'bottom') {
        this.set({ uploads: this.state.uploads.with(id, fromPayload(effect.message.payload)) });
        this.advance({ kind: 'bottom-uploaded', client: id });
      }
      if (effect.kind === 'query') {
        const tensors = [tensor(mix(this.state.lanes[this.laneOf(id)] ?? 0, valueOf(effect.message.tensors)))];
        this.atServer(id, {
          kind: 'predicted',
          message: { type: 'prediction', id: effect.message.id, loss: 0.5, tensors },
        });
      }
      if (effect.kind === 'evaluated') this.advance({ kind: 'evaluated', client: id });
    }
  }

  private advance(input: RunInput): void {
    const [run, effects] = reduceRun(this.state.run, input);
    this.set({ run });
    for (const effect of effects) {
      if (effect.kind === 'begin-turn') {
        for (const { client: id, steps } of effect.work) {
          this.up[id]?.send({
            type: 'bottom',
            round: effect.round,
            updates: null,
            payload: toBytes(this.state.bottom),
          });
          this.atServer(id, { kind: 'train', round: effect.round, steps, withOptimizer: false });
        }
      }
      if (effect.kind === 'apply') this.apply(effect.client);
      if (effect.kind === 'merge') {
        const sent = this.state.uploads.flatMap((value) => value ?? []);
        this.set({ bottom: sent.reduce(mix, this.state.bottom), uploads: this.state.uploads.map(() => null) });
        this.advance({ kind: 'merged' });
      }
      if (effect.kind === 'begin-evaluation') {
        for (const id of effect.clients) this.atServer(id, { kind: 'evaluate', round: effect.round });
      }
      if (effect.kind === 'finish') {
        if (effect.error) throw effect.error;
        const { steps, samples } = this.state.run;
        for (const link of this.up) link.send({ type: 'finished', steps, samples, testAccuracy: null, testLoss: null });
      }
    }
  }

  private apply(id: number): void {
    const message = this.state.waiting[id];
    if (!message) return;
    const lane = this.laneOf(id);
    const value = mix(this.state.lanes[lane] ?? 0, valueOf(message.tensors));
    this.set({ lanes: this.state.lanes.with(lane, value), waiting: this.state.waiting.with(id, null) });
    this.atServer(id, { kind: 'applied', loss: 0.5, cutGradient: [tensor(value)] });
    this.advance({ kind: 'step-applied', client: id, samples: 1 });
  }

  private laneOf(id: number): number {
    return this.shared ? 0 : id;
  }

  private set(change: Partial<ServerState>): void {
    this.state = { ...this.state, ...change };
  }
}

/** Plays one schedule; answers what went wrong. */
export function playSchedule(
  seed: string | number,
  bugs: EndpointBugs = {},
): { wrong: string | undefined; crashes: number; events: number } {
  const expected = new ScheduleWorld(seed, false).play();
  const world = new ScheduleWorld(seed, true, bugs);
  const wrong = whatIsWrong(world, expected);
  return { wrong, crashes: world.crashes, events: world.events };
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
