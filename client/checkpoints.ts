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

/** A client's whole state, as plain data; its samples are not in it. */
export interface ClientSnapshot {
  readonly session: string;
  readonly state: SessionState;
  /** The payload of `model`, once it has come. */
  readonly model: Uint8Array | null;
  /** None before the first weights have come. */
  readonly segments: readonly SegmentState[] | null;
  readonly delivery: Delivery;
  /** Vertical, where rows are matched by id: the state of the matching. */
  readonly rows?: AligningSnapshot | null;
  /** Missing in checkpoints of an older Tandem. */
  readonly spent?: Spent;
  /** How much the last checkpoint before this one had received that stays valid even if the server crashes. */
  readonly stored: number;
  /** The run has ended: there is nothing to go on with. */
  readonly over: boolean;
}

const EVERY_STEPS = 32;
/** With more messages to store than this, checkpoints are written a quarter as often unless the server asks. */
const FEW_MESSAGES = 8;
/** While checkpoints cannot be written, a client waits once the server keeps so many messages for it. */
const MOST_UNSETTLED = 256;
const NAME = 'client';

/**
 * Loads the newest checkpoint of a run that is not over. With `unlike`, skips checkpoints that need as much of the server as that one:
 * the server has lost it.
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
 * Writes a client's checkpoints, when the server asks or after so many steps. Messages that the server has taken are not in them. If both
 * sides crash before the server has written those down, the client goes back to the checkpoint before; so the next one is only written
 * once this one is safe.
 */
export class ClientCheckpoints {
  private lastStep: number | undefined;
  private isAsked = false;
  private wake: () => void = () => undefined;
  private saving: Promise<void> | undefined;
  private failure: TandemError | undefined;
  private readonly trouble: WriteTrouble;
  /** Resolves when a failed write is to be tried again. */
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

  /** Calls `write` now and whenever the server asks for a checkpoint, until a message arrives. */
  async whileEmpty(inbox: Inbox, write: () => Promise<void>): Promise<void> {
    do await write();
    while (!(await Promise.race([inbox.filled(), this.asked()])));
  }

  /** Whether to write a checkpoint now. Throws the error of the last write, where it cannot be waited out. */
  isDue({ step }: SessionState, link: LastingLink): boolean {
    if (this.failure) throw this.failure;
    if (this.lastStep === undefined) return true;
    if (this.saving || this.retry || !link.isSafe) return false;
    if (this.trouble.error) return true;
    const { everySteps = EVERY_STEPS } = this.options;
    const patience = link.shortCount > FEW_MESSAGES ? 4 * everySteps : everySteps;
    return this.isAsked || step - this.lastStep >= patience;
  }

  /** Resolves once the first checkpoint is written, as without one the client could not come back; later ones are written in the background. */
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
        // The server may have asked again meanwhile.
        this.wake();
      });
    if (isFirst) await this.saving;
    if (this.failure) throw this.failure;
  }

  /** Waits while the server keeps too many messages, until a failed write is tried again. Returns whether it has waited. */
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
      // Everything was received; the next start will find that the run is over.
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
