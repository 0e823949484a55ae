import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import { crashPoint } from '../../shared/crash-point.js';
import { WriteTrouble, type TroubleOptions } from '../../shared/checkpoint/write-trouble.js';
import { asTandemError } from '../../shared/errors.js';
import type { Schedule } from '../../shared/schedules.js';
import type { CourseHost } from './course.js';
import type { WrittenRun } from './run-snapshot.js';

/** The newest part of the order, as it is written down. */
export interface OrderRecord {
  /** The id of the run. */
  readonly run: string;
  /** How many steps lanes were given before these. */
  readonly from: number;
  /** Whose they were. */
  readonly clients: readonly number[];
}

const NAME = 'order';

/** Whether a lane takes the steps of several clients as they arrive, so that the order does not follow from the seed. */
export function decidedByArrival({ lanes, order }: Schedule): boolean {
  return lanes === 'shared' && order === 'arrival';
}

/**
 * The order in which a lane took steps, since the older of two checkpoints. What a client is told of its step waits until the step's place is
 * written down; the lane does not wait, so one write has the places of all steps that were taken during the last one.
 */
export class OrderLog {
  private from = 0;
  private clients: number[] = [];
  /** How many of the steps that lanes were given are written down. */
  private kept = 0;
  private saving: Promise<void> | undefined;
  /** The places that replies wait for, by session. */
  private readonly waiting = new Map<string, number>();
  readonly trouble: WriteTrouble;

  constructor(
    private readonly store: CheckpointStore,
    private readonly host: Pick<CourseHost, 'id' | 'run' | 'sessions' | 'failed'>,
    options: TroubleOptions = {},
  ) {
    this.trouble = new WriteTrouble(options);
  }

  /** Goes on from a checkpoint. Returns whose steps were taken, and may have been told of, after it was made. */
  async goOn({ id, run: { placed } }: WrittenRun): Promise<readonly number[]> {
    const record = (await this.store.load(NAME, decodeCheckpoint)) as OrderRecord | undefined;
    const known = record?.run === id && record.from <= placed ? record : { from: placed, clients: [] };
    [this.from, this.clients] = [known.from, [...known.clients]];
    this.kept = this.from + this.clients.length;
    return this.clients.slice(placed - this.from);
  }

  /** How many steps lanes were given so far. */
  get placed(): number {
    return this.host.run.placed;
  }

  /** A lane is given this client's step. */
  note(client: number, session: string): void {
    const place = this.placed;
    if (place <= this.from + this.clients.length) return;
    this.clients.push(client);
    this.host.sessions.links.get(session)?.pauseSending('order');
    this.waiting.set(session, place);
    this.saving ??= this.save();
  }

  /** Resolves when all that was noted is written down. Throws CANNOT_WRITE where it cannot be for now. */
  async written(): Promise<void> {
    while (this.saving) await this.saving;
    if (this.trouble.error) throw this.trouble.error;
  }

  /** Nobody goes back to before the first `placed` steps. */
  forget(placed: number): void {
    if (placed <= this.from) return;
    this.clients = this.clients.slice(placed - this.from);
    this.from = placed;
  }

  private async save(): Promise<void> {
    try {
      while (this.kept < this.from + this.clients.length) await this.write();
      this.trouble.over();
    } catch (error) {
      const retry = () => void (this.saving ??= this.save());
      if (!this.trouble.met(asTandemError(error), retry)) this.host.failed(asTandemError(error));
    } finally {
      // At once, so that nothing is noted while a save is about to end.
      this.saving = undefined;
    }
  }

  private async write(): Promise<void> {
    const place = this.from + this.clients.length;
    const record: OrderRecord = { run: this.host.id, from: this.from, clients: [...this.clients] };
    const bytes = await encodeCheckpoint(record);
    crashPoint('server.before-order');
    await this.store.save(NAME, bytes);
    crashPoint('server.after-order');
    this.kept = place;
    for (const [session, last] of this.waiting) {
      if (last > place) continue;
      this.waiting.delete(session);
      this.host.sessions.links.get(session)?.resumeSending('order');
    }
  }
}
