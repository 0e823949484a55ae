import { withoutHistory, type Aggregation } from '../../shared/aggregation.js';
import type { RunSettings } from '../../shared/config.js';
import type { OptimizerSpec } from '../../shared/engine/optimizer.js';
import { TandemError } from '../../shared/errors.js';
import {
  decodeSegments,
  encodeSegments,
  type HeldPart,
  type SegmentContent,
} from '../../shared/model/bottom-payload.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Schedule } from '../../shared/schedules.js';
import { optimizerOf, type Task } from '../../shared/task.js';
import type { Contribution } from '../aggregation/aggregator.js';
import { Replicas, type ReplicasSnapshot } from '../aggregation/replicas.js';
import type { Share } from './lanes.js';

interface Upload {
  /** One a segment: the bottom, and the top where the client has it. */
  readonly contents: readonly SegmentContent[];
  readonly samples: number;
  /** How many segments beyond those of all clients it holds. */
  readonly extra: number;
}

export interface BottomsSnapshot {
  readonly current: readonly SegmentContent[];
  readonly uploads: readonly (readonly [number, Upload])[];
  readonly kept: readonly (readonly [number, Upload])[];
  readonly keepers: readonly number[];
  readonly replicas: readonly ReplicasSnapshot[];
}

/** What clients train a segment with: the task's optimizer, and the run's proximal term. */
export function clientOptimizer(
  task: Task,
  segment: number,
  { proximal }: Pick<RunSettings, 'proximal'>,
): OptimizerSpec {
  const optimizer = optimizerOf(task, segment);
  return proximal > 0 ? { ...optimizer, proximal } : optimizer;
}

/** The clients' segments between turns: what the next clients start from, and what the clients of this turn have sent back. */
export class Bottoms {
  private uploads = new Map<number, Upload>();
  /** Where clients keep their bottoms: the last one of each, with all samples it was trained on. */
  private readonly kept = new Map<number, Upload>();
  /** What replicas of each segment are averaged into, where they are. */
  private readonly replicas: readonly Replicas[];
  /** Clients that hold their own bottom and go on with it. */
  private readonly keepers = new Set<number>();
  private current: readonly SegmentContent[];

  /** `parts` and `weights` list all segments that any client may hold; the first `common` of them are those of all clients. */
  constructor(
    private readonly parts: readonly HeldPart[],
    private readonly common: number,
    private readonly schedule: Schedule,
    aggregation: Aggregation,
    weights: readonly (readonly NdArray[])[],
  ) {
    // A client that keeps its segments does not go on from the merged ones, so there is no update of them to clip or to drive.
    const rule = schedule.bottoms === 'kept' ? withoutHistory(aggregation) : aggregation;
    this.replicas = parts.map(({ spec }, segment) => new Replicas(rule, spec, weights[segment] ?? []));
    this.current = weights.map((values) => ({ weights: values, optimizer: null }));
  }

  /** One list a segment. */
  get weights(): readonly (readonly NdArray[])[] {
    return this.current.map(({ weights }) => weights);
  }

  /** What the next clients start from, a segment each. */
  get contents(): readonly SegmentContent[] {
    return this.current;
  }

  set contents(contents: readonly SegmentContent[]) {
    this.current = contents;
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

  /** What a client starts from that holds `extra` segments beyond the common ones. */
  message(round: number, extra = 0): Message<'bottom'> {
    const payload = encodeSegments(this.partsOf(extra), this.current);
    // A client's segments are updated together, so the first one's count is that of all.
    return { type: 'bottom', round, updates: this.current[0]?.optimizer?.updates ?? null, payload };
  }

  /** Throws BAD_MESSAGE, BAD_SHAPE or BAD_VALUE when the message does not hold this bottom as it was asked for. */
  upload(client: number, { updates, payload }: Message<'bottom'>, samples: number, extra = 0): void {
    if ((updates !== null) !== this.handsOverOptimizer) {
      throw new TandemError('BAD_MESSAGE', `a bottom ${updates === null ? 'lacks' : 'has'} the optimizer's state`);
    }
    this.uploads.set(client, { contents: decodeSegments(this.partsOf(extra), updates, payload), samples, extra });
  }

  /** Who has sent, and how many samples and segments it has. */
  get shares(): (Share & { readonly extra: number })[] {
    return [...this.uploads].map(([client, { samples, extra }]) => ({ client, samples, extra }));
  }

  /**
   * Makes one bottom of what the clients sent; without any, the last one stays. `elsewhere` has replicas of a segment that clients
   * which do not hold it have trained in their lanes. Answers who sent, and its samples.
   */
  merge(elsewhere: (segment: number) => readonly Contribution[] = () => []): Share[] {
    const uploads = [...this.uploads.entries()];
    this.uploads = new Map();
    const last = uploads.at(-1)?.[1];
    if (!last) return [];
    switch (this.schedule.bottoms) {
      case 'handed-over':
        this.current = last.contents;
        break;
      case 'averaged':
        this.current = this.aggregate(uploads, elsewhere);
        break;
      case 'kept':
        for (const [client, { contents, samples, extra }] of uploads) {
          this.keepers.add(client);
          this.kept.set(client, { contents, extra, samples: samples + (this.kept.get(client)?.samples ?? 0) });
        }
        this.current = this.aggregate([...this.kept.entries()], elsewhere);
        break;
    }
    return uploads.map(([client, { samples }]) => ({ client, samples }));
  }

  private partsOf(extra: number): readonly HeldPart[] {
    return this.parts.slice(0, this.common + extra);
  }

  private aggregate(
    uploads: readonly (readonly [number, Upload])[],
    elsewhere: (segment: number) => readonly Contribution[],
  ): SegmentContent[] {
    return this.replicas.map((replicas, segment) => {
      const held = uploads.flatMap(([client, { contents, samples }]) => {
        const content = contents[segment];
        return content ? [{ client, samples, weights: content.weights }] : [];
      });
      const contributions = [...held, ...elsewhere(segment)];
      return { weights: contributions.length > 0 ? replicas.merge(contributions) : replicas.weights, optimizer: null };
    });
  }

  snapshot(): BottomsSnapshot {
    const { current, uploads, kept, keepers, replicas } = this;
    return {
      current,
      uploads: [...uploads],
      kept: [...kept],
      keepers: [...keepers],
      replicas: replicas.map((segment) => segment.snapshot()),
    };
  }

  restore({ current, uploads, kept, keepers, replicas }: BottomsSnapshot): void {
    this.current = current;
    this.uploads = new Map(uploads);
    kept.forEach(([client, upload]) => this.kept.set(client, upload));
    keepers.forEach((client) => this.keepers.add(client));
    replicas.forEach((state, i) => this.replicas[i]?.restore(state));
  }
}
