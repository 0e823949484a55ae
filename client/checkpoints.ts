import type { CheckpointStore } from '../shared/checkpoint/checkpoint-store.js';
import { decodeCheckpoint, encodeCheckpoint } from '../shared/checkpoint/format.js';
import { crashPoint } from '../shared/crash-point.js';
import type { SegmentState } from '../shared/engine/engine.js';
import { asTandemError, type TandemError } from '../shared/errors.js';
import type { Delivery } from '../shared/session/delivery.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { SessionState } from './session-state.js';

export interface ClientCheckpointOptions {
  readonly store: CheckpointStore;
  /** Steps of this client between two checkpoints. */
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
  /** What two checkpoints held when this one was made. */
  readonly stored: number;
  /** The run has ended: there is nothing to go on with. */
  readonly over: boolean;
}

const EVERY_STEPS = 32;
const NAME = 'client';

/** The newest checkpoint of a run that is not over. */
export async function loadClient(store: CheckpointStore): Promise<ClientSnapshot | undefined> {
  const snapshot = (await store.load(NAME, decodeCheckpoint)) as ClientSnapshot | undefined;
  return snapshot?.over ? undefined : snapshot;
}

/** Writes a client's part in a run down, from time to time. */
export class ClientCheckpoints {
  private lastStep: number | undefined;
  private last = 0;
  private saving: Promise<void> | undefined;
  private failure: TandemError | undefined;

  constructor(
    private readonly options: ClientCheckpointOptions,
    restored: ClientSnapshot | undefined,
  ) {
    if (!restored) return;
    this.lastStep = restored.state.step;
    this.last = restored.delivery.received;
  }

  /** Whether to write one now, where nothing is half done. Throws what kept the last one from being written. */
  isDue({ step }: SessionState): boolean {
    if (this.failure) throw this.failure;
    if (this.saving) return false;
    return this.lastStep === undefined || step - this.lastStep >= (this.options.everySteps ?? EVERY_STEPS);
  }

  /** The first one resolves when it is written, since nobody could come back without; later ones are written meanwhile. */
  async write(snapshot: ClientSnapshot, link: LastingLink): Promise<void> {
    const isFirst = this.lastStep === undefined;
    this.lastStep = snapshot.state.step;
    this.saving = this.save(snapshot, link)
      .catch((error: unknown) => {
        this.failure = asTandemError(error);
      })
      .finally(() => (this.saving = undefined));
    if (isFirst) await this.saving;
    if (this.failure) throw this.failure;
  }

  /** The run is over: the next start begins a new one. */
  async end(snapshot: ClientSnapshot): Promise<void> {
    await this.saving;
    const nothing = {
      ...snapshot,
      over: true,
      segments: null,
      model: null,
      delivery: { ...snapshot.delivery, kept: [] },
    };
    await this.options.store.save(NAME, await encodeCheckpoint(nothing));
  }

  private async save(snapshot: ClientSnapshot, link: LastingLink): Promise<void> {
    const client = snapshot.state.welcome?.client ?? null;
    const bytes = await encodeCheckpoint(snapshot);
    crashPoint('client.before-save', client);
    await this.options.store.save(NAME, bytes);
    crashPoint('client.after-save', client);
    // Two generations hold what the one before has: only that is never asked for again.
    link.store(this.last);
    this.last = snapshot.delivery.received;
  }
}
