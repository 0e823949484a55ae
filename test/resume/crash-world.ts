import { createHash } from 'node:crypto';
import { participate } from '../../client/participate.js';
import { RelayHost } from '../../relay/relay-host.js';
import { RunHost } from '../../server/run/run-host.js';
import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { flatten } from '../../shared/checkpoint/plain-tree.js';
import { MemoryStore } from '../../shared/checkpoint/memory-store.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { onCrashPoint } from '../../shared/crash-point.js';
import { dealData } from '../../shared/data/partition.js';
import { Deferred } from '../../shared/deferred.js';
import type { Engine, SegmentState } from '../../shared/engine/engine.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import { Cable } from '../helpers/cable.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { twoBottoms } from '../helpers/two-bottoms.js';

/** Who is killed when a point is reached: who reached it, or everybody else, or all. */
export type Victims = 'self' | 'peer' | 'both';

export interface Crash {
  readonly point: string;
  readonly occurrence: number;
  readonly victims: Victims;
}

/** A planted bug: what becomes of a store or of anything else a side is given. */
export interface Mutant {
  /** Those in which it shows. */
  readonly schedules?: readonly string[];
  readonly serverStore?: (store: CheckpointStore) => CheckpointStore;
  readonly clientStore?: (store: CheckpointStore) => CheckpointStore;
}

const backoff = { firstSeconds: 0.001, capSeconds: 0.003 };

class Killed extends Error {}

/** A server or a client from its start to its end: all that dies with it hangs on this. */
class Life {
  alive = true;
  readonly cables = new Set<Cable>();

  end(): void {
    this.alive = false;
    for (const cable of this.cables) cable.cut();
  }

  /** What is saved by the living only. */
  guard(store: CheckpointStore): CheckpointStore {
    return {
      save: async (name, bytes) => {
        if (!this.alive) throw new Killed();
        await store.save(name, bytes);
      },
      load: (name, open) => store.load(name, open),
      close: () => store.close(),
    };
  }
}

export interface WorldResult {
  /** Of weights and optimizers of all lanes and of all clients. */
  readonly digest: string;
  readonly weightsHash: string;
  readonly steps: number;
  /** Whose step was taken when. */
  readonly order: readonly number[];
  /** Every point that was reached, and how often. */
  readonly reached: ReadonlyMap<string, number>;
  readonly crashes: number;
}

/** A server and its clients in one process, each of which can be killed at a named point; only their stores survive. */
export class CrashWorld {
  private readonly settings;
  private readonly task;
  private readonly parts;
  private readonly serverStore = new MemoryStore();
  private readonly clientStores: MemoryStore[];
  private readonly clientLives: Life[] = [];
  private serverLife = new Life();
  private host: RunHost | undefined;
  private relay: RelayHost | undefined;
  private clients: Promise<unknown> = Promise.resolve();
  private readonly reached = new Map<string, number>();
  private readonly order: number[] = [];
  private crashes = 0;
  private left: Crash[];
  private readonly states = new Map<string, SegmentState>();
  private readonly done = new Deferred<WorldResult>();

  constructor(
    private readonly engine: Engine,
    private readonly options: RunOptions & { readonly bottoms?: readonly string[] },
    private readonly every: number,
    crashes: readonly Crash[] = [],
    private readonly mutant: Mutant = {},
    /** Whose steps the lane is to take one after the other; what the schedule says when left out. */
    private readonly decided: readonly number[] = [],
  ) {
    this.task = options.bottoms ? twoBottoms : tinyTask;
    this.settings = resolveRun(this.task, { clients: 2, epochs: 1, batch: 5, roundSteps: 2, seed: 7, ...options });
    this.parts = dealData(tinyData(), this.settings);
    this.clientStores = this.parts.map(() => new MemoryStore());
    this.left = [...crashes];
  }

  async run(): Promise<WorldResult> {
    onCrashPoint((point, client) => this.pass(point, client));
    const slow = setTimeout(() => this.done.reject(new Error('the run did not end')), 8_000);
    try {
      await this.startServer();
      if (this.settings.topology === 'multi-hop') await this.startRelay();
      this.clients = Promise.all(this.parts.map((_, index) => this.liveClient(index)));
      return await this.done.promise;
    } finally {
      clearTimeout(slow);
      onCrashPoint(undefined);
      [this.serverLife, ...this.clientLives].forEach((life) => life.end());
      this.relay?.close(new TandemError('CANCELLED', 'the world has ended'));
      this.host?.close(new TandemError('CANCELLED', 'the world has ended'));
    }
  }

  /** A point is reached: kills whom it is to kill. */
  private pass(point: string, client: number | null): void {
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

  private async startServer(): Promise<void> {
    const life = (this.serverLife = new Life());
    this.host = undefined;
    try {
      const store = this.mutant.serverStore?.(this.serverStore) ?? this.serverStore;
      const checkpoints = { store: life.guard(store), everySteps: this.every };
      const { task, settings, engine } = this;
      const onEvent = (event: RunEvent) => {
        if (event.kind === 'step') this.order[event.step - 1] = event.client;
      };
      const options = { task, settings, engine, transport: 'loopback', graceSeconds: 2, checkpoints, onEvent };
      const host = await RunHost.create(options);
      if (host.run.phase === 'gathering') host.run = { ...host.run, replay: this.decided };
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
        this.relay = await RelayHost.open({ connect, reconnect: { backoff }, graceSeconds: 2, engine: this.engine });
      } catch (error) {
        // The server may be killed while the relay begins.
        if (!asTandemError(error).retryable) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    this.relay.finished.catch(() => undefined);
  }

  private async end(life: Life, host: RunHost, weightsHash: string, steps: number): Promise<void> {
    if (!life.alive) return;
    // A relay knows of the end before its clients do.
    if (this.relay) await this.clients;
    const { lanes } = await host.lanes.snapshot();
    const clients = [...this.states].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, state]) => state);
    const { order, reached, crashes } = this;
    this.done.resolve({ digest: digestOf([lanes, clients]), weightsHash, steps, order, reached, crashes });
  }

  /** A client, and after it was killed its successor, until the run is over. */
  private async liveClient(index: number): Promise<void> {
    for (;;) {
      const life = (this.clientLives[index] = new Life());
      try {
        const store = this.clientStores[index] ?? new MemoryStore();
        const checkpoints = { store: life.guard(this.mutant.clientStore?.(store) ?? store), everySteps: this.every };
        const connect = () => this.connect(life);
        const data = this.parts[index];
        const bottom = this.options.bottoms?.[index];
        if (!data) return;
        const steps = participate({
          transport: await this.connectPatiently(life),
          data,
          engine: this.recording(index),
          place: [index, this.parts.length],
          reconnect: { connect, backoff },
          checkpoints,
          ...(bottom === undefined ? {} : { bottom }),
        });
        for await (const _ of steps) if (!life.alive) throw new Killed();
        return;
      } catch (error) {
        if (life.alive) {
          this.fail(life, error);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }

  private async connectPatiently(life: Life) {
    for (;;) {
      try {
        return await this.connect(life);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }

  private async connect(client: Life) {
    const { relay } = this;
    if (!relay) return this.connectToServer(client);
    if (!client.alive) throw new Killed();
    const cable = new Cable();
    client.cables.add(cable);
    void relay.accept(cable.ends[1]);
    return cable.ends[0];
  }

  private async connectToServer(client: Life) {
    const { host, serverLife } = this;
    if (!client.alive) throw new Killed();
    if (!host || !serverLife.alive) throw new TandemError('UNREACHABLE', 'no server is up');
    const cable = new Cable();
    [client, serverLife].forEach((life) => life.cables.add(cable));
    void host.accept(cable.ends[1]);
    return cable.ends[0];
  }

  private fail(life: Life, error: unknown): void {
    if (life.alive) this.done.reject(asTandemError(error));
  }

  /** The engine, with the state of every segment of this client after each change. */
  private recording(index: number): Engine {
    return {
      ...this.engine,
      segment: async (options) => {
        const segment = await this.engine.segment(options);
        const note = async () => void this.states.set(`${index}/${options.spec.index}`, await segment.state());
        return new Proxy(segment, {
          get: (target, name) => {
            const value: unknown = Reflect.get(target, name);
            if (typeof value !== 'function') return value;
            const method = (...args: unknown[]): unknown =>
              (value as (...given: unknown[]) => unknown).apply(target, args);
            if (!['update', 'restore', 'setWeights'].includes(String(name))) return method;
            return async (...args: unknown[]) => {
              await method(...args);
              await note();
            };
          },
        });
      },
    };
  }
}

function digestOf(tree: unknown): string {
  const { json, arrays } = flatten(tree);
  const hash = createHash('sha256').update(json);
  arrays.forEach((array) => hash.update(array));
  return hash.digest('hex');
}
