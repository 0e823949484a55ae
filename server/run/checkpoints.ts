import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import { WriteTrouble, type TroubleOptions } from '../../shared/checkpoint/write-trouble.js';
import { crashPoint } from '../../shared/crash-point.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import type { LastingLink } from '../../shared/session/lasting-link.js';
import type { SessionLinks } from '../session/session-links.js';
import type { CourseState } from './course.js';
import type { OrderLog } from './order-log.js';
import { isSteady, type WrittenRun } from './run-snapshot.js';
import type { WorkQueue } from '../lane/work-queue.js';
import { largest } from '../../shared/extremes.js';

export interface CheckpointOptions extends TroubleOptions {
  readonly store: CheckpointStore;
  /** Steps of all clients between two checkpoints; by default at least 64, and more where writing is dear. */
  readonly everySteps?: number | undefined;
  /** A checkpoint is not delayed for a client that has at most so many messages to write down; 8 by default. */
  readonly mostKept?: number | undefined;
}

/** What checkpoints need of their run. */
export interface CheckpointHost {
  readonly links: SessionLinks;
  readonly work: WorkQueue;
  readonly run: CourseState;
  /** Reads what changes at any time before it first waits. */
  snapshot(): Promise<WrittenRun>;
  /** A checkpoint with this snapshot was written. */
  written(snapshot: WrittenRun): void;
  failed(error: TandemError): void;
}

const LEAST_STEPS = 64;
/** At most this share of the time goes into checkpoints. */
const MOST_OF_TIME = 0.02;
/** With so many messages of one client since the last checkpoint, the next one is due: the client keeps them until then. */
const MOST_UNSETTLED = 128;
const MOST_KEPT = 8;
/** How long clients may take for the checkpoint they were asked for. */
const PATIENCE_SECONDS = 5;
const NAME = 'server';

/** The newest checkpoint that can be read, as the run's host wrote it; undefined when there is none. */
export function loadRun(store: CheckpointStore): Promise<unknown> {
  return store.load(NAME, decodeCheckpoint);
}

/** Writes checkpoints of a run: from time to time, and before clients hear of a decision that could not be computed again. */
export class Checkpoints {
  private lastSteps: number;
  private nextAt = 0;
  /** Once clients were asked to write checkpoints: until when they are waited for, and how much each had been sent. */
  private asked: { readonly until: number; readonly sent: ReadonlyMap<LastingLink, number> } | undefined;
  private wanted = false;
  private closed = false;
  private saving: Promise<void> | undefined;
  /** Callers that wait for a checkpoint; with `forTry`, a failed try ends the wait, too. */
  private waiting: { readonly done: () => void; readonly forTry: boolean }[] = [];
  private readonly trouble: WriteTrouble;
  /** Whether a failed write is to be tried again now. */
  private isRetryDue = false;
  private lastPlaced = 0;

  constructor(
    private readonly options: CheckpointOptions,
    private readonly host: CheckpointHost,
    /** Where a lane takes steps as they arrive. */
    readonly order?: OrderLog,
  ) {
    this.lastSteps = host.run.steps;
    this.trouble = new WriteTrouble(options);
  }

  /**
   * Pauses all sending until a checkpoint is written: for decisions that depend on time or on who came first, which a restart would not
   * repeat. Resolves when it is written.
   */
  commit(): Promise<void> {
    return this.demand(false);
  }

  /** The same, but resolves after one try, even if it fails. */
  tryNow(): Promise<void> {
    this.isRetryDue = true;
    return this.demand(true);
  }

  private demand(forTry: boolean): Promise<void> {
    this.pause();
    const written = new Promise<void>((done) => this.waiting.push({ done, forTry }));
    this.host.work.stir();
    return written;
  }

  private pause(): void {
    this.wanted = true;
    for (const link of this.links) link.pauseSending('checkpoint');
  }

  private readonly retry = (): void => {
    this.isRetryDue = true;
    if (!this.closed) this.host.work.stir();
  };

  /** Writes the last checkpoint. Returns the error that the run ends with here. */
  async drain(): Promise<TandemError> {
    await this.tryNow();
    this.stop();
    await this.saving;
    // `trouble` has the error.
    await this.order?.written().catch(() => undefined);
    const trouble = this.trouble.error ?? this.order?.trouble.error;
    if (trouble) {
      const action = `${trouble.action}; then start it again with the same --state: it goes on from the checkpoint before`;
      return new TandemError(trouble.code, trouble.message, action);
    }
    const action = 'start it again with the same --state';
    return new TandemError('CANCELLED', 'the server went away in the middle of the run', action);
  }

  /** Writes no more checkpoints. */
  stop(): void {
    this.closed = true;
    this.trouble.stop();
    this.order?.trouble.stop();
  }

  /** Whether lanes are to pause for a checkpoint. */
  get isDue(): boolean {
    if (this.closed || !isSteady(this.host.run)) return false;
    if (this.trouble.error && !this.isRetryDue) {
      // What clients keep has a bound, so they must wait, too.
      if (this.mostUnsettled >= 2 * MOST_UNSETTLED) this.pause();
      return false;
    }
    try {
      return this.wanted || this.isRetryDue || (!this.saving && this.isTime && this.haveClientsStored());
    } catch (error) {
      this.host.failed(asTandemError(error));
      return false;
    }
  }

  /** Called while no lane works. */
  take(): Promise<void> {
    return this.write().catch((error: unknown) => this.host.failed(asTandemError(error)));
  }

  /** Resolves when the snapshot is taken; it is written while the run goes on. */
  private async write(): Promise<void> {
    await this.saving;
    const { waiting: committed, wanted } = this;
    this.isRetryDue = false;
    [this.waiting, this.wanted, this.lastSteps, this.asked] = [[], false, this.host.run.steps, undefined];
    const begun = performance.now();
    const placed = this.order?.placed ?? 0;
    const snapshot = await this.host.snapshot();
    crashPoint('server.snapshot');
    this.saving = this.save(snapshot, begun, placed)
      .then(() => {
        this.trouble.over();
        if (!this.wanted) for (const link of this.links) link.resumeSending('checkpoint');
        committed.forEach(({ done }) => done());
      })
      .catch((error: unknown) => {
        if (!this.trouble.met(asTandemError(error), this.retry)) return this.host.failed(asTandemError(error));
        // Sending stays paused: nobody is told what no checkpoint has.
        this.wanted ||= wanted;
        committed.filter(({ forTry }) => forTry).forEach(({ done }) => done());
        this.waiting = committed.filter(({ forTry }) => !forTry).concat(this.waiting);
      })
      .finally(() => (this.saving = undefined));
  }

  private get links(): LastingLink[] {
    return [...this.host.links.byId.values()];
  }

  private get mostUnsettled(): number {
    return largest(
      this.links.map(({ waitingForStore }) => waitingForStore.there),
      0,
    );
  }

  private get isTime(): boolean {
    const { everySteps } = this.options;
    const steps = this.host.run.steps - this.lastSteps;
    // Without this, an evaluation would not be written down, as it has no steps.
    if (this.mostUnsettled >= MOST_UNSETTLED) return true;
    if (everySteps !== undefined) return steps >= everySteps;
    return steps >= LEAST_STEPS && performance.now() >= this.nextAt;
  }

  /**
   * Asks clients to write their checkpoints first, since messages that they have not written down go into the server's. Returns whether there
   * is nothing left to wait for.
   */
  private haveClientsStored(): boolean {
    if (!this.asked) {
      this.links.forEach((link) => link.askToStore());
      crashPoint('server.asked');
      const sent = new Map(this.links.map((link) => [link, link.sent]));
      this.asked = { until: performance.now() + 1000 * PATIENCE_SECONDS, sent };
    }
    const { until, sent } = this.asked;
    if (performance.now() >= until || this.mostUnsettled >= 2 * MOST_UNSETTLED) return true;
    const { mostKept = MOST_KEPT } = this.options;
    return this.links.every((link) => link.waitingForStore.here - (link.sent - (sent.get(link) ?? 0)) <= mostKept);
  }

  private async save(snapshot: WrittenRun, begun: number, placed: number): Promise<void> {
    const bytes = await encodeCheckpoint(snapshot);
    const packed = performance.now();
    this.nextAt = packed + (packed - begun) / MOST_OF_TIME;
    // The order log must not be behind the checkpoint.
    await this.order?.written();
    crashPoint('server.before-save');
    await this.options.store.save(NAME, bytes);
    crashPoint('server.after-save');
    this.host.written(snapshot);
    for (const { session, delivery } of snapshot.parties) {
      this.host.links.byId.get(session)?.store(delivery.received);
    }
    this.order?.forget(this.lastPlaced);
    this.lastPlaced = placed;
    crashPoint('server.after-settle');
  }
}
