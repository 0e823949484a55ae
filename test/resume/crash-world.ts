import { participate } from '../../client/participate.js';
import type { Predictions } from '../../client/predictions.js';
import { RelayHost } from '../../relay/relay-host.js';
import { createHost } from '../../server/create-host.js';
import type { RunHost } from '../../server/run/run-host.js';
import { MemoryStore } from '../../shared/checkpoint/memory-store.js';
import { resolveRun } from '../../shared/config.js';
import { onCrashPoint, type CrashPoint } from '../../shared/crash-point.js';
import type { IdentifiedData } from '../../shared/data/row-ids.js';
import { Deferred } from '../../shared/deferred.js';
import type { Engine, SegmentState } from '../../shared/engine/engine.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import { createRng } from '../../shared/rng.js';
import { Cable } from '../helpers/cable.js';
import { Absences } from './absence.js';
import type { Crash, Mutant } from './crash.js';
import { dealt, partyOf, taskOf, type WorldOptions } from './crash-parts.js';
import { Killed, Life } from './life.js';
import { recording } from './recording.js';
import { slowDisk } from './slow-disk.js';
import { digestOf, type WorldResult } from './world-result.js';
import { GraceClock, hashInTurn, idleClock, turnClock, turns } from './world-time.js';

/** Longer than a busy machine takes for a world. */
const GRACE_SECONDS = 10;
/** Passes when nothing else happens. */
const DEADLINE_SECONDS = 5;
/** Messages that the send buffer of a link has room for at most. */
const MOST_ROOM = 4;

/** A server and its clients in one process, each of which can be killed at a named point; only their stores survive. */
export class CrashWorld {
  private readonly settings;
  private readonly task;
  private parts: readonly IdentifiedData[] = [];
  private readonly serverStore = new MemoryStore();
  private readonly clientStores: MemoryStore[];
  private readonly clientLives: Life[] = [];
  private serverLife = new Life();
  private host: RunHost | undefined;
  private readonly hosts: RunHost[] = [];
  private relay: RelayHost | undefined;
  private clients: Promise<unknown> = Promise.resolve();
  private readonly reached = new Map<CrashPoint, number>();
  private readonly order: number[] = [];
  private crashes = 0;
  private over = false;
  private left: Crash[];
  private readonly states = new Map<string, SegmentState>();
  /** What the active party of a vertical run was last told. */
  private predictions: Predictions | null = null;
  private readonly done = new Deferred<WorldResult>();
  private readonly rng = createRng('crash world', 7);
  private readonly saving: Promise<void>[] = [];
  private readonly grace = new GraceClock(GRACE_SECONDS);
  private readonly absences: Absences;
  private readonly patience = {
    backoff: { firstSeconds: 0.001, capSeconds: 0.003 },
    clock: turnClock,
    random: () => this.rng.float(),
  };

  constructor(
    private readonly engine: Engine,
    private readonly options: WorldOptions,
    private readonly every: number,
    crashes: readonly Crash[] = [],
    private readonly mutant: Mutant = {},
    /** Whose steps the lane is to take one after the other; what the schedule says when left out. */
    private readonly decided: readonly number[] = [],
  ) {
    const { bottoms: _bottoms, norm: _norm, data: _data, secondDoes: _does, toPredict: _rows, ...others } = options;
    const { missingIds, second, ...run } = others;
    const limits = second && second !== 'leaves' ? { deadlineSeconds: DEADLINE_SECONDS } : {};
    this.absences = new Absences(options, this.happened);
    this.task = taskOf(options);
    const own = options.schedule === 'joint' ? { aligned: missingIds === undefined } : {};
    this.settings = resolveRun(this.task, {
      clients: 2,
      epochs: 1,
      batch: 5,
      roundSteps: 2,
      seed: 7,
      ...own,
      ...limits,
      ...run,
    });
    this.clientStores = Array.from({ length: this.settings.clients }, () => new MemoryStore());
    this.left = [...crashes];
  }

  async run(): Promise<WorldResult> {
    onCrashPoint((point, client) => this.pass(point, client));
    const asBefore = hashInTurn();
    // Planted bugs keep a run from ending; without one, a machine may be busy.
    const patienceMs = Object.keys(this.mutant).length > 0 ? 4_000 : 40_000;
    const slow = setTimeout(() => this.done.reject(new Error('the run did not end')), patienceMs);
    try {
      this.parts = await dealt(this.task, this.settings, this.options);
      await this.startServer();
      if (this.settings.topology.name === 'multi-hop') await this.startRelay();
      const lives = this.parts.map((_, index) => this.liveClient(index));
      this.clients = Promise.all(lives);
      const awaited = lives.filter((_, index) => !this.absences.isGone(index));
      void Promise.all(awaited).then(() => this.grace.pass());
      return await this.done.promise;
    } finally {
      clearTimeout(slow);
      onCrashPoint(undefined);
      this.over = true;
      [this.serverLife, ...this.clientLives].forEach((life) => life.end());
      const over = new TandemError('CANCELLED', 'the world has ended');
      this.relay?.close(over);
      this.hosts.forEach((host) => host.close(over));
      // What is left of this world would reach points of the next one.
      await Promise.allSettled([this.clients, ...this.saving]);
      await turns(2);
      asBefore();
    }
  }

  /** A point is reached: kills whom it is to kill. */
  private pass(point: CrashPoint, client: number | null): void {
    const life = client === null ? this.serverLife : this.clientLives[client];
    if (life?.alive === false) throw new Killed();
    const count = (this.reached.get(point) ?? 0) + 1;
    this.reached.set(point, count);
    const crash = this.left.find((planned) => planned.point === point && planned.occurrence === count);
    if (!crash) return;
    this.left = this.left.filter((planned) => planned !== crash);
    this.crashes++;
    const own = client === null ? [this.serverLife] : [this.clientLives[client]];
    const peers = client === null ? this.clientLives : [this.serverLife];
    const dying = { self: own, peer: peers, both: [...own, ...peers] }[crash.victims];
    dying.forEach((victim) => victim?.end());
    if (dying.includes(this.serverLife)) setImmediate(() => void this.startServer());
    if (crash.victims !== 'peer') throw new Killed();
  }

  private readonly happened = () => [...this.reached.values()].reduce((sum, times) => sum + times, 0);

  private async startServer(): Promise<void> {
    if (this.over) return;
    const life = (this.serverLife = new Life());
    this.host = undefined;
    try {
      const store = this.mutant.serverStore?.(this.serverStore, () => this.host) ?? this.serverStore;
      const checkpoints = { store: slowDisk(life, store, this.rng, this.saving), everySteps: this.every, mostKept: 0 };
      const { task, settings, engine } = this;
      const onEvent = (event: RunEvent) => {
        if (event.kind === 'step') this.order[event.step - 1] = event.client;
      };
      const pauses = this.options.second === 'leaves' ? [DEADLINE_SECONDS, GRACE_SECONDS] : [DEADLINE_SECONDS];
      const clock = idleClock(pauses, life, this.happened, this.grace);
      const about = { engine, transport: 'loopback', graceSeconds: GRACE_SECONDS, clock };
      const host = await createHost({ task, settings, ...about, checkpoints, onEvent });
      this.hosts.push(host);
      this.mutant.server?.(host);
      if (host.run.phase === 'gathering') Object.assign(host.run, { replay: this.decided });
      if (!life.alive) return;
      this.host = host;
      host.finished.then(
        ({ summary }) => void this.end(life, host, summary.weightsHash, summary.steps),
        (error: unknown) => this.fail(life, error),
      );
    } catch (error) {
      this.fail(life, error);
    }
  }

  /** Stands between clients and the server, and is not killed. */
  private async startRelay(): Promise<void> {
    const life = new Life();
    const connect = () => this.connectToServer(life);
    while (!this.relay) {
      try {
        this.relay = await RelayHost.open({
          connect,
          reconnect: this.patience,
          graceSeconds: GRACE_SECONDS,
          engine: this.engine,
        });
      } catch (error) {
        // The server may be killed while the relay begins.
        if (!asTandemError(error).retryable) throw error;
        await turns(1);
      }
    }
    this.relay.finished.catch(() => undefined);
  }

  private async end(life: Life, host: RunHost, weightsHash: string, steps: number): Promise<void> {
    if (!life.alive) return;
    // A relay knows of the end before its clients do.
    if (this.relay) await this.clients;
    const { lanes } = await host.lanes.snapshot();
    // Who has left kept what it had then.
    const stays = ([key]: [string, SegmentState]) => this.options.second !== 'leaves' || !key.startsWith('1/');
    const sorted = [...this.states].filter(stays).sort(([a], [b]) => (a < b ? -1 : 1));
    const clients = sorted.map(([, state]) => state);
    const { order, reached, crashes } = this;
    const secondDid = host.places.accounts.find(({ client }) => client === 1)?.steps ?? 0;
    const digest = digestOf([lanes, clients, this.predictions]);
    this.done.resolve({ digest, weightsHash, steps, secondDid, order, reached, crashes });
  }

  /** A client, and after it was killed its successor, until the run is over. */
  private async liveClient(index: number): Promise<void> {
    while (!this.over) {
      const life = (this.clientLives[index] = new Life());
      let leave: AbortSignal | undefined;
      try {
        const store = this.clientStores[index] ?? new MemoryStore();
        const disk = slowDisk(life, this.mutant.clientStore?.(store) ?? store, this.rng, this.saving);
        const checkpoints = { store: disk, everySteps: this.every };
        const connect = () => this.connect(life);
        const data = this.parts[index];
        const bottom = this.options.bottoms?.[index];
        if (!data) return;
        leave = this.absences.leave(index, life);
        const engine = this.absences.engine(index, this.mutant.clientEngine?.(this.engine) ?? this.engine, life);
        const transport = await this.connectPatiently(life);
        // It was killed while it left, and has left.
        if (this.absences.saidGoodbye && this.host?.run.members.get(index)?.present === false) return;
        const steps = participate({
          transport,
          data,
          engine: recording(engine, String(index), this.states),
          leave,
          place: [index, this.parts.length],
          ...partyOf(this.settings, index),
          reconnect: { connect, ...this.patience },
          checkpoints,
          onPredictions: (told) => void (this.predictions = told),
          ...(bottom === undefined ? {} : { bottom }),
        });
        for await (const _ of steps) if (!life.alive) throw new Killed();
        return;
      } catch (error) {
        if (life.alive) {
          if (asTandemError(error).code !== 'CANCELLED' || !leave?.aborted) this.fail(life, error);
          return;
        }
        await turns(1);
      }
    }
  }

  private async connectPatiently(life: Life) {
    for (;;) {
      try {
        return await this.connect(life);
      } catch (error) {
        if (!life.alive) throw error;
        await turns(1);
      }
    }
  }

  private async connect(client: Life) {
    const { relay } = this;
    if (!relay) return this.connectToServer(client);
    if (!client.alive) throw new Killed();
    const cable = this.cable();
    client.cables.add(cable);
    void relay.accept(cable.ends[1]);
    return cable.ends[0];
  }

  private async connectToServer(client: Life) {
    const { host, serverLife } = this;
    if (!client.alive) throw new Killed();
    if (!host || !serverLife.alive) throw new TandemError('UNREACHABLE', 'no server is up');
    const cable = this.cable();
    [client, serverLife].forEach((life) => life.cables.add(cable));
    void host.accept(cable.ends[1]);
    return cable.ends[0];
  }

  private cable(): Cable {
    return new Cable({ room: 1 + this.rng.int(MOST_ROOM), hidesRoom: this.mutant.hidesRoom === true });
  }

  private fail(life: Life, error: unknown): void {
    if (life.alive) this.done.reject(asTandemError(error));
  }
}
