import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import { crashPoint } from '../../shared/crash-point.js';
import { WriteTrouble, type TroubleOptions } from '../../shared/checkpoint/write-trouble.js';
import { asTandemError } from '../../shared/errors.js';
import type { Schedule } from '../../shared/schedules.js';
import type { CourseHost } from './course.js';
import type { WrittenRun } from './run-snapshot.js';

/** The newest part of the order of steps, as it is stored. */
export interface OrderRecord {
  /** The id of the run. */
  readonly run: string;
  /** How many steps came before these. */
  readonly from: number;
  /** The client of each step. */
  readonly clients: readonly number[];
}

const NAME = 'order';

/** Whether a lane takes the steps of several clients as they arrive, so that the order does not follow from the seed. */
export function decidedByArrival({ lanes, order }: Schedule): boolean {
  return lanes === 'shared' && order === 'arrival';
}

/**
 * Stores the order in which a shared lane took steps, back to the last checkpoint but one. The reply to a step waits until the step's position is
 * stored. The lane does not wait, so each write has all steps that were taken during the one before.
 */
export class OrderLog {
  private from = 0;
  private clients: number[] = [];
  /** How many steps are stored. */
  private kept = 0;
  private saving: Promise<void> | undefined;
  /** The position that each session's replies wait for. */
  private readonly waiting = new Map<string, number>();
  readonly trouble: WriteTrouble;

  constructor(
    private readonly store: CheckpointStore,
    private readonly host: Pick<CourseHost, 'id' | 'run' | 'links' | 'failed'>,
    options: TroubleOptions = {},
  ) {
    this.trouble = new WriteTrouble(options);
  }

  /** Goes on from a checkpoint. Returns the clients whose steps were taken after it, in their order: they may have been told. */
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
    const position = this.placed;
    if (position <= this.from + this.clients.length) return;
    this.clients.push(client);
    this.host.links.byId.get(session)?.pauseSending('order');
    this.waiting.set(session, position);
    this.saving ??= this.save();
  }

  /** Resolves when the order is stored. Throws CANNOT_WRITE. */
  async written(): Promise<void> {
    while (this.saving) await this.saving;
    if (this.trouble.error) throw this.trouble.error;
  }

  /** Drops the first `placed` steps: no checkpoint goes back before them. */
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
      // Before anything else runs, so that a step noted now begins a new save.
      this.saving = undefined;
    }
  }

  private async write(): Promise<void> {
    const position = this.from + this.clients.length;
    const record: OrderRecord = { run: this.host.id, from: this.from, clients: [...this.clients] };
    const bytes = await encodeCheckpoint(record);
    crashPoint('server.before-order');
    await this.store.save(NAME, bytes);
    crashPoint('server.after-order');
    this.kept = position;
    for (const [session, last] of this.waiting) {
      if (last > position) continue;
      this.waiting.delete(session);
      this.host.links.byId.get(session)?.resumeSending('order');
    }
  }
}
