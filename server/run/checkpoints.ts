import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import { crashPoint } from '../../shared/crash-point.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import type { Sessions } from '../session/sessions.js';
import { decidedByArrival, OrderLog } from './order-log.js';
import type { RunSnapshot } from './run-snapshot.js';
import type { RunState } from './run-state.js';
import type { WorkQueue } from './work-queue.js';

export interface CheckpointOptions {
  readonly store: CheckpointStore;
  /** Steps of all clients between two checkpoints. */
  readonly everySteps?: number | undefined;
}

/** What checkpoints need of their run. */
export interface CheckpointHost {
  readonly id: string;
  readonly run: RunState;
  readonly sessions: Sessions;
  readonly work: WorkQueue;
  snapshot(): Promise<RunSnapshot>;
  failed(error: TandemError): void;
}

const EVERY_STEPS = 64;
/** An evaluation has no steps, and all messages since two checkpoints may be sent again at once: together fewer than may wait to be read. */
const MOST_RESTS = 192;
const NAME = 'server';

/** The newest checkpoint that can be read; undefined when there is none. */
export async function loadRun(store: CheckpointStore): Promise<RunSnapshot | undefined> {
  return (await store.load(NAME, decodeCheckpoint)) as RunSnapshot | undefined;
}

/** Whether the run has begun and no step is half done, so that it can be written down when no job is left. */
export function isSteady({ phase, applying }: RunState): boolean {
  return phase !== 'gathering' && phase !== 'merging' && phase !== 'scoring' && applying === null;
}

/** Writes the state of a run down, from time to time and before something is told that could not be found out again. */
export class Checkpoints {
  private lastSteps: number;
  /** How often messages were taken in since the last checkpoint. */
  private rests = 0;
  private wanted = false;
  private closed = false;
  private saving: Promise<void> | undefined;
  private waiting: (() => void)[] = [];
  /** What the last checkpoint has of each session: what the one before the next one will have. */
  private last = new Map<string, number>();
  private lastPlaced = 0;
  /** Where steps are taken as they arrive. */
  readonly order: OrderLog | undefined;

  constructor(
    private readonly options: CheckpointOptions,
    private readonly host: CheckpointHost,
  ) {
    this.lastSteps = host.run.steps;
    if (decidedByArrival(host.run.settings.schedule)) this.order = new OrderLog(options.store, host);
  }

  /**
   * Holds back what is said to clients until a checkpoint has what it follows from: for what depends on time or on who came first, and so
   * would not happen again in the same way. Resolves when it has.
   */
  commit(): Promise<void> {
    this.wanted = true;
    for (const link of this.host.sessions.links.values()) link.hold('checkpoint');
    const written = new Promise<void>((resolve) => this.waiting.push(resolve));
    // So that it notices that no job is left.
    void this.host.work.takeIn(() => undefined);
    return written;
  }

  /** Writes the run down and closes all links without ending a session. */
  async drain(seconds: number, address: string | null): Promise<void> {
    await this.commit();
    this.closed = true;
    await this.saving;
    await this.order?.written();
    this.host.sessions.leave(seconds, address);
    const action = 'start it again with the same --state';
    this.host.failed(new TandemError('CANCELLED', 'the server went away in the middle of the run', action));
  }

  /** Called whenever no job is left. */
  async rested(): Promise<void> {
    const { everySteps = EVERY_STEPS } = this.options;
    this.rests++;
    const due = this.wanted || this.host.run.steps - this.lastSteps >= everySteps || this.rests >= MOST_RESTS;
    if (this.closed || !due || !isSteady(this.host.run)) return;
    if (this.saving && !this.wanted) return;
    await this.saving;
    const committed = this.waiting;
    [this.waiting, this.wanted, this.lastSteps, this.rests] = [[], false, this.host.run.steps, 0];
    let snapshot: RunSnapshot;
    try {
      snapshot = await this.host.snapshot();
      crashPoint('server.snapshot');
    } catch (error) {
      this.host.failed(asTandemError(error));
      return;
    }
    this.saving = this.save(snapshot)
      .then(() => {
        if (!this.wanted) for (const link of this.host.sessions.links.values()) link.release('checkpoint');
        committed.forEach((resolve) => resolve());
      })
      .catch((error: unknown) => this.host.failed(asTandemError(error)))
      .finally(() => (this.saving = undefined));
  }

  private async save(snapshot: RunSnapshot): Promise<void> {
    const bytes = await encodeCheckpoint(snapshot);
    // No checkpoint is ahead of the order that led to it.
    await this.order?.written();
    crashPoint('server.before-save');
    await this.options.store.save(NAME, bytes);
    crashPoint('server.after-save');
    // Two generations hold what the one before has: only that is never asked for again.
    for (const [session, received] of this.last) this.host.sessions.links.get(session)?.store(received);
    this.last = new Map(snapshot.parties.map(({ session, delivery }) => [session, delivery.received]));
    this.order?.forget(this.lastPlaced);
    this.lastPlaced = snapshot.run.placed;
    crashPoint('server.after-settle');
  }
}
