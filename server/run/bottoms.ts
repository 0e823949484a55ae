import { withoutHistory, type Aggregation } from '../../shared/aggregation.js';
import type { RunSettings } from '../../shared/config.js';
import type { OptimizerSpec } from '../../shared/engine/optimizer.js';
import { TandemError } from '../../shared/errors.js';
import { decodeSegment, encodeSegment, type SegmentContent } from '../../shared/model/bottom-payload.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Schedule } from '../../shared/schedules.js';
import { optimizerOf, type Task } from '../../shared/task.js';
import { Replicas } from '../aggregation/replicas.js';
import type { Share } from './lanes.js';

interface Upload {
  readonly content: SegmentContent;
  readonly samples: number;
}

/** What clients train their bottoms with: the task's optimizer, and the run's proximal term. */
export function bottomOptimizer(task: Task, { proximal }: Pick<RunSettings, 'proximal'>): OptimizerSpec {
  const optimizer = optimizerOf(task, 0);
  return proximal > 0 ? { ...optimizer, proximal } : optimizer;
}

/** The bottom model between turns: what the next clients start from, and what the clients of this turn have sent back. */
export class Bottoms {
  private uploads = new Map<number, Upload>();
  /** Where clients keep their bottoms: the last one of each, with all samples it was trained on. */
  private readonly kept = new Map<number, Upload>();
  /** What replicas are averaged into, where they are. */
  private readonly replicas: Replicas;
  /** Clients that hold their own bottom and go on with it. */
  private readonly keepers = new Set<number>();
  private current: SegmentContent;

  constructor(
    private readonly spec: SegmentSpec,
    private readonly optimizer: OptimizerSpec,
    private readonly schedule: Schedule,
    aggregation: Aggregation,
    weights: readonly NdArray[],
  ) {
    // A client that keeps its bottom does not go on from the merged one, so there is no update of it to clip or to drive.
    const rule = schedule.bottoms === 'kept' ? withoutHistory(aggregation) : aggregation;
    this.replicas = new Replicas(rule, spec, weights);
    this.current = { weights, optimizer: null };
  }

  get weights(): readonly NdArray[] {
    return this.current.weights;
  }

  get handsOverOptimizer(): boolean {
    return this.schedule.bottoms === 'handed-over';
  }

  /** Whether a client goes on with the bottom it has. */
  keeps(client: number): boolean {
    return this.keepers.has(client);
  }

  /** A place has a new client, which has no bottom yet. */
  arrive(client: number): void {
    this.keepers.delete(client);
  }

  /** What a client starts from. */
  message(round: number): Message<'bottom'> {
    const payload = encodeSegment(this.spec, this.optimizer, this.current);
    return { type: 'bottom', round, updates: this.current.optimizer?.updates ?? null, payload };
  }

  /** Throws BAD_MESSAGE, BAD_SHAPE or BAD_VALUE when the message does not hold this bottom as it was asked for. */
  upload(client: number, { updates, payload }: Message<'bottom'>, samples: number): void {
    if ((updates !== null) !== this.handsOverOptimizer) {
      throw new TandemError('BAD_MESSAGE', `a bottom ${updates === null ? 'lacks' : 'has'} the optimizer's state`);
    }
    this.uploads.set(client, { content: decodeSegment(this.spec, this.optimizer, updates, payload), samples });
  }

  /** Makes one bottom of what the clients sent; without any, the last one stays. Answers who sent, and its samples. */
  merge(): Share[] {
    const uploads = [...this.uploads.entries()];
    this.uploads = new Map();
    const last = uploads.at(-1)?.[1];
    if (!last) return [];
    switch (this.schedule.bottoms) {
      case 'handed-over':
        this.current = last.content;
        break;
      case 'averaged':
        this.current = this.aggregate(uploads);
        break;
      case 'kept':
        for (const [client, { content, samples }] of uploads) {
          this.keepers.add(client);
          this.kept.set(client, { content, samples: samples + (this.kept.get(client)?.samples ?? 0) });
        }
        this.current = this.aggregate([...this.kept.entries()]);
        break;
    }
    return uploads.map(([client, { samples }]) => ({ client, samples }));
  }

  private aggregate(uploads: readonly (readonly [number, Upload])[]): SegmentContent {
    const contributions = uploads.map(([client, { content, samples }]) => ({
      client,
      samples,
      weights: content.weights,
    }));
    return { weights: this.replicas.merge(contributions), optimizer: null };
  }
}
