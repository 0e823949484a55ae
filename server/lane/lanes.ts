import type { Aggregation } from '../../shared/aggregation.js';
import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Schedule } from '../../shared/schedules.js';
import { Replicas, type ReplicasSnapshot } from '../aggregation/replicas.js';
import { Lane, type LaneOptions, type LaneQueue, type LaneSnapshot } from './lane.js';
import { WorkQueue } from './work-queue.js';

/** How many samples a client's lane was trained on in a round: its weight in the average. */
export interface Share {
  readonly client: number;
  readonly samples: number;
}

export interface LanesSnapshot {
  readonly lanes: readonly LaneSnapshot[];
  readonly replicas: readonly ReplicasSnapshot[];
}

/** The lanes of a run: one that all clients share, or one for each client. */
export class Lanes {
  /** A lane for predictions alone, once there is a query; and the weights it has. */
  private audience: Lane | undefined;
  private shown: readonly (readonly NdArray[])[] = [];
  private readonly outside: LaneQueue;

  private constructor(
    private readonly schedule: Schedule,
    private readonly lanes: readonly Lane[],
    /** One for each of the server's segments. */
    private readonly segments: readonly Replicas[],
    private readonly options: LaneOptions,
    /** Jobs that concern all lanes. */
    readonly work: WorkQueue,
  ) {
    this.outside = work.queue();
  }

  /** `held` lists the segments that the server holds. */
  static async create(
    schedule: Schedule,
    clients: number,
    options: LaneOptions & { readonly aggregation: Aggregation },
  ): Promise<Lanes> {
    const { cut, held, aggregation } = options;
    const count = schedule.lanes === 'per-client' ? clients : 1;
    const streams = Array.from({ length: count }, (_, stream) => stream);
    const segments = cut.specs
      .filter(({ index }) => held.includes(index))
      .map((spec) => new Replicas(aggregation, spec, cut.weights[spec.index] ?? []));
    const work = new WorkQueue();
    const settled = () => segments.map(({ weights }) => weights);
    const own = { ...options, settled, isShared: schedule.lanes !== 'per-client' };
    const lanes = streams.map((stream) => Lane.create({ ...own, stream }, work.queue()));
    return new Lanes(schedule, await Promise.all(lanes), segments, options, work);
  }

  /** The lane that takes a client's steps; the first lane for null. */
  of(client: number | null): Lane {
    const lane = this.lanes[this.perClient ? (client ?? 0) : 0];
    if (!lane) throw new TandemError('INTERNAL', `there is no lane for client ${client ?? -1}`);
    return lane;
  }

  /** The queue of a client's lane; for those without a place, that of the lane for predictions. */
  queueOf(client: number | null): LaneQueue {
    return client === null ? this.outside : this.of(client).queue;
  }

  /** A lane with the weights of the last merge: they fit the bottoms of that merge, while other lanes train on. */
  async averaged(): Promise<Lane> {
    const weights = this.segments.map((segment) => segment.weights);
    const lane = (this.audience ??= await Lane.create(this.options, this.outside));
    if (weights.some((own, i) => own !== this.shown[i])) await lane.setWeights(weights);
    this.shown = weights;
    return lane;
  }

  /** Whether each client has a lane of its own. */
  get perClient(): boolean {
    return this.schedule.lanes === 'per-client';
  }

  /**
   * Aggregates the lanes that trained, by the run's rule, and gives all lanes the result. Each keeps the state of its
   * optimizer. `settled` has what the first of the lanes' segments have become already.
   */
  async merge(shares: readonly Share[], settled: readonly (readonly NdArray[])[] = []): Promise<void> {
    const merged = await this.average(shares, settled);
    if (merged) await this.accept(merged, settled.length > 0);
  }

  /** The aggregated weights, which lanes do not have until `accept`; undefined where nobody has trained. */
  async average(
    shares: readonly Share[],
    settled: readonly (readonly NdArray[])[] = [],
  ): Promise<(readonly NdArray[])[] | undefined> {
    const { perClient } = this;
    if (shares.length === 0) return undefined;
    const replicas = await Promise.all(
      (perClient ? shares : [{ client: 0 }]).map(({ client }) => this.of(client).weights()),
    );
    return this.segments.map((segment, index) => {
      const done = settled[index] ?? (perClient ? undefined : replicas[0]?.[index]);
      return done ?? segment.merge(shares.map((share, i) => ({ ...share, weights: replicas[i]?.[index] ?? [] })));
    });
  }

  /** Takes what `average` made. */
  async accept(merged: readonly (readonly NdArray[])[], isSettled = false): Promise<void> {
    if (this.perClient || isSettled) await this.setWeights(merged);
    else this.note(merged);
  }

  /** The last merge and the rule's memory, for `recall` to go back to. */
  get averages(): readonly ReplicasSnapshot[] {
    return this.segments.map((segment) => segment.snapshot());
  }

  recall(averages: readonly ReplicasSnapshot[]): void {
    averages.forEach((state, i) => this.segments[i]?.restore(state));
  }

  /** Gives all lanes the same weights, one list a segment. */
  async setWeights(weights: readonly (readonly NdArray[])[]): Promise<void> {
    this.note(weights);
    await Promise.all(this.lanes.map((lane) => lane.setWeights(weights)));
  }

  private note(weights: readonly (readonly NdArray[])[]): void {
    this.segments.forEach((segment, i) => segment.settle(weights[i] ?? []));
    // Each lane now holds every client's training.
    this.lanes.forEach((lane) => lane.settle(this.perClient ? this.lanes.keys() : []));
  }

  /** The weights of each of the server's segments after the last merge. */
  async weights(): Promise<NdArray[][]> {
    return this.of(null).weights();
  }

  async snapshot(): Promise<LanesSnapshot> {
    const replicas = this.segments.map((segment) => segment.snapshot());
    return { replicas, lanes: await Promise.all(this.lanes.map((lane) => lane.snapshot())) };
  }

  async restore({ lanes, replicas }: LanesSnapshot): Promise<void> {
    replicas.forEach((state, i) => this.segments[i]?.restore(state));
    for (const [i, lane] of this.lanes.entries()) if (lanes[i]) await lane.restore(lanes[i]);
  }

  dispose(): void {
    this.lanes.forEach((lane) => lane.dispose());
    this.audience?.dispose();
  }
}
