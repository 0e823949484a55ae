import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import type { CutModel } from '../../shared/model/cut.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Schedule } from '../../shared/schedules.js';
import type { Task } from '../../shared/task.js';
import { averageWeights } from '../aggregate.js';
import { Lane } from '../lane.js';

/** A client whose lane counts in the average of a round, and by how many samples. */
export interface Share {
  readonly client: number;
  readonly samples: number;
}

/** The lanes of a run: one that all clients share, or one for each client. */
export class Lanes {
  private constructor(
    private readonly schedule: Schedule,
    private readonly lanes: readonly Lane[],
  ) {}

  /** `first` is the first segment that the server holds. */
  static async create(
    schedule: Schedule,
    clients: number,
    options: { task: Task; cut: CutModel; first: number; engine: Engine; seed: number },
  ): Promise<Lanes> {
    const { task, cut, first, engine, seed } = options;
    const count = schedule.lanes === 'per-client' ? clients : 1;
    const streams = Array.from({ length: count }, (_, stream) => stream);
    return new Lanes(
      schedule,
      await Promise.all(streams.map((stream) => Lane.create(task, cut, first, engine, seed, stream))),
    );
  }

  /** The lane that takes a client's steps; for a client without a place, one that has what was last averaged. */
  of(client: number | null): Lane {
    const lane = this.lanes[this.schedule.lanes === 'per-client' ? (client ?? 0) : 0];
    if (!lane) throw new TandemError('INTERNAL', `there is no lane for client ${client ?? -1}`);
    return lane;
  }

  /** Averages the lanes that trained, and gives all lanes the result. Each keeps the state of its optimizer. */
  async merge(shares: readonly Share[]): Promise<void> {
    if (this.schedule.lanes !== 'per-client' || shares.length === 0) return;
    const replicas = await Promise.all(shares.map(({ client }) => this.of(client).weights()));
    const averaged = (replicas[0] ?? []).map((_, segment) =>
      averageWeights(shares.map((share, i) => ({ ...share, weights: replicas[i]?.[segment] ?? [] }))),
    );
    await Promise.all(this.lanes.map((lane) => lane.setWeights(averaged)));
  }

  /** The weights of each of the server's segments, as they were last averaged. */
  async weights(): Promise<NdArray[][]> {
    return this.of(null).weights();
  }

  dispose(): void {
    this.lanes.forEach((lane) => lane.dispose());
  }
}
