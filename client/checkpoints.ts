import type { CheckpointStore } from '../shared/checkpoint/checkpoint-store.js';
import { decodeCheckpoint, encodeCheckpoint } from '../shared/checkpoint/format.js';
import { WriteTrouble, type TroubleOptions } from '../shared/checkpoint/write-trouble.js';
import { crashPoint } from '../shared/crash-point.js';
import type { SegmentState } from '../shared/engine/engine.js';
import { Deferred } from '../shared/deferred.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import type { Delivery } from '../shared/session/delivery.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { AligningSnapshot } from './alignment/aligning-party.js';
import type { Inbox } from './inbox.js';
import type { Spent } from './tally.js';
import type { SessionState } from './session-state.js';

export interface ClientCheckpointOptions extends TroubleOptions {
  readonly store: CheckpointStore;
  /** Steps of this client between two checkpoints, where the server asks for none. */
  readonly everySteps?: number | undefined;
}

/** All that a client's part in a run depends on, as plain data; its samples are not in it. */
export interface ClientSnapshot {
  readonly session: string;
  readonly state: SessionState;
  /** The payload of `model`, once it has come. */
  readonly model: Uint8Array | null;
  /** None before the first weights have come. */
  readonly segments: readonly SegmentState[] | null;
  readonly delivery: Delivery;
  /** Of a vertical run whose rows are matched by id: how far that is. */
  readonly rows?: AligningSnapshot | null;
  /** Missing in one of an older Tandem. */
  readonly spent?: Spent;
  /** What a checkpoint held, when this one was made, that could be gone back to whatever happened to the server. */
  readonly stored: number;
  /** The run has ended: there is nothing to go on with. */
  readonly over: boolean;
}

const EVERY_STEPS = 32;
/** Who would have to write down more messages than this waits four times as long for the server to ask. */
const FEW_MESSAGES = 8;
/** Where checkpoints cannot be written: so many messages are kept by the server before this client waits. */
const MOST_UNSETTLED = 256;
const NAME = 'client';

/**
 * The newest checkpoint of a run that is not over; with `unlike`, one that needs less of its server than that one did, which is then
 * set aside.
 */
export async function loadClient(store: CheckpointStore, unlike?: ClientSnapshot): Promise<ClientSnapshot | undefined> {
  const open = async (bytes: Uint8Array) => {
    const snapshot = (await decodeCheckpoint(bytes)) as ClientSnapshot;
    if (unlike && snapshot.delivery.settled >= unlike.delivery.settled) {
      throw new TandemError('SESSION_LOST', 'the server has gone back to before this checkpoint');
    }
    return snapshot;
  };
  const snapshot = await store.load(NAME, open);
  return snapshot?.over ? undefined : snapshot;
}

/**
 * Writes a client's part in a run down, when the server asks for it or after so many steps. What the server has taken is not in it. Should
 * both crash before the server has written that down too, the checkpoint before this one is gone back to; so that it is there, none is
 * written until this one is safe.
 */
export class ClientCheckpoints {
  private lastStep: number | undefined;
  private isAsked = false;
  private wake: () => void = () => undefined;
  private saving: Promise<void> | undefined;
  private failure: TandemError | undefined;
  private readonly trouble: WriteTrouble;
  /** Resolves when it is time for another try. */
  private retry: Promise<void> | undefined;

  constructor(
    private readonly options: ClientCheckpointOptions,
    restored: ClientSnapshot | undefined,
  ) {
    this.lastStep = restored?.state.step;
    this.trouble = new WriteTrouble(options);
  }

  /** The server is about to write a checkpoint. */
  readonly ask = (): void => {
    this.isAsked = true;
    this.wake();
  };

  /** Until something comes: calls `write`, which looks whether a checkpoint is due, now and whenever the server asks for one. */
  async whileEmpty(inbox: Inbox, write: () => Promise<void>): Promise<void> {
    do await write();
    while (!(await Promise.race([inbox.filled(), this.asked()])));
  }

  /** Whether to write one now, where nothing is half done. Throws what kept the last one from being written. */
  isDue({ step }: SessionState, link: LastingLink): boolean {
    if (this.failure) throw this.failure;
    if (this.lastStep === undefined) return true;
    if (this.saving || this.retry || !link.isSafe) return false;
    if (this.trouble.error) return true;
    const { everySteps = EVERY_STEPS } = this.options;
    const patience = link.shortCount > FEW_MESSAGES ? 4 * everySteps : everySteps;
    return this.isAsked || step - this.lastStep >= patience;
  }

  /** The first one resolves when it is written, since nobody could come back without; later ones are written meanwhile. */
  async write(snapshot: ClientSnapshot, link: LastingLink): Promise<void> {
    const isFirst = this.lastStep === undefined;
    this.lastStep = snapshot.state.step;
    this.isAsked = false;
    this.saving = this.save(snapshot, link)
      .then(() => this.trouble.over())
      .catch((error: unknown) => {
        const [cannot, due] = [asTandemError(error), new Deferred<void>()];
        if (!this.trouble.met(cannot, () => due.resolve())) this.failure = cannot;
        else
          this.retry = due.promise.then(() => {
            this.retry = undefined;
            this.wake();
          });
      })
      .finally(() => {
        this.saving = undefined;
        // Another one may have been asked for meanwhile.
        this.wake();
      });
    if (isFirst) await this.saving;
    if (this.failure) throw this.failure;
  }

  /** What the server keeps has a bound: resolves at once below it, and else when it is time to try and write it down again. */
  async untilRoom(link: LastingLink): Promise<boolean> {
    if (!this.trouble.error || !link.isSafe || link.waitingForStore.there < MOST_UNSETTLED) return false;
    await this.saving;
    await this.retry;
    return true;
  }

  /** The run is over: the next start begins a new one. */
  async end(snapshot: ClientSnapshot): Promise<void> {
    await this.saving;
    const nothing = {
      ...snapshot,
      over: true,
      segments: null,
      model: null,
      rows: null,
      delivery: { ...snapshot.delivery, kept: [] },
    };
    try {
      await this.options.store.save(NAME, await encodeCheckpoint(nothing));
    } catch (error) {
      // All was heard; the next start finds a run that is over.
      if (!this.trouble.met(asTandemError(error), () => undefined)) throw error;
    } finally {
      this.trouble.stop();
    }
  }

  private asked(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  private async save(snapshot: ClientSnapshot, link: LastingLink): Promise<void> {
    const client = snapshot.state.welcome?.client ?? null;
    const bytes = await encodeCheckpoint(snapshot);
    crashPoint('client.before-save', client);
    await this.options.store.save(NAME, bytes);
    crashPoint('client.after-save', client);
    link.storeWithout(snapshot.delivery.received, snapshot.delivery.settled);
    crashPoint('client.after-settle', client);
  }
}
