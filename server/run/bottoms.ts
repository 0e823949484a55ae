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
import { checkContents } from '../../shared/model/check-content.js';
import type { NdArray } from '../../shared/ndarray.js';
import { forMany } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Schedule } from '../../shared/schedules.js';
import { OWN_BOTTOM } from '../../shared/task-fields.js';
import { optimizerOf, type Task } from '../../shared/task.js';
import type { Contribution } from '../aggregation/aggregator.js';
import { Replicas, type ReplicasSnapshot } from '../aggregation/replicas.js';
import { usualHolding, type Holding } from '../session/holding.js';
import type { Share } from '../lane/lanes.js';
import { checkUpdates, type Turned } from './claimed-updates.js';

interface Upload extends Pick<Holding, 'bottom'> {
  /** One for each segment: the bottom, and the top where the client holds it. */
  readonly contents: readonly SegmentContent[];
  readonly samples: number;
  /** How many more segments the client holds than all clients do. */
  readonly extra: number;
}

/** A bottom that clients may hold instead of the task's own, with its first weights. */
export interface FurtherPart extends HeldPart {
  readonly name: string;
  readonly weights: readonly NdArray[];
}

/** The weights that clients start from. */
export interface BottomContents {
  /** All segments that any client may hold; the first is the task's own bottom. */
  readonly segments: readonly SegmentContent[];
  /** The task's further bottoms by name. */
  readonly further: Readonly<Record<string, SegmentContent>>;
  /** How many samples each bottom was trained on, by name. */
  readonly samples: Readonly<Record<string, number>>;
}

export interface BottomsSnapshot {
  readonly current: BottomContents;
  readonly uploads: readonly (readonly [number, Upload])[];
  readonly kept: readonly (readonly [number, Upload])[];
  readonly keepers: readonly number[];
  /** Of all segments, then of the further bottoms. */
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

/**
 * The clients' segments at the server: the weights that the next turn starts from, and the uploads of this one. Where clients have
 * different bottoms, each bottom is aggregated by itself; the segments above are common to all.
 */
export class Bottoms {
  private uploads = new Map<number, Upload>();
  /** Where clients keep their bottoms: each client's last upload, with all samples it was trained on. */
  private readonly kept = new Map<number, Upload>();
  /** The aggregation of each segment. */
  private readonly replicas: readonly Replicas[];
  /** The aggregation of each further bottom. */
  private readonly further: ReadonlyMap<string, { readonly part: HeldPart; readonly replicas: Replicas }>;
  /** Clients that keep their own bottom, and are sent no other. */
  private readonly keepers = new Set<number>();
  private current: BottomContents;
  /** The `bottom` messages of this round, one for each holding, since clients that hold the same get the same. */
  private told: { round: number; of: BottomContents; messages: Map<string, Message<'bottom'>> } | undefined;

  /** `parts` and `weights` list all segments that any client may hold; the first `common` of them are those of all clients. */
  constructor(
    private readonly parts: readonly HeldPart[],
    private readonly common: number,
    private readonly schedule: Schedule,
    aggregation: Aggregation,
    weights: readonly (readonly NdArray[])[],
    further: readonly FurtherPart[] = [],
  ) {
    // Clients that keep their segments never get the merged ones, so there is no server update to clip or to give momentum.
    const rule = schedule.bottoms === 'kept' ? withoutHistory(aggregation) : aggregation;
    this.replicas = parts.map(({ spec }, segment) => new Replicas(rule, spec, weights[segment] ?? []));
    this.further = new Map(
      further.map((part) => [part.name, { part, replicas: new Replicas(rule, part.spec, part.weights) }]),
    );
    this.current = {
      segments: weights.map((values) => ({ weights: values, optimizer: null })),
      further: Object.fromEntries(further.map((part) => [part.name, { weights: part.weights, optimizer: null }])),
      samples: {},
    };
  }

  /** One list for each segment, the task's own bottom first. */
  get weights(): readonly (readonly NdArray[])[] {
    return this.current.segments.map(({ weights }) => weights);
  }

  get contents(): BottomContents {
    return this.current;
  }

  set contents(contents: BottomContents) {
    this.current = contents;
  }

  get handsOverOptimizer(): boolean {
    return this.schedule.bottoms === 'handed-over';
  }

  /** Whether a client keeps its own bottom. */
  keeps(client: number): boolean {
    return this.keepers.has(client);
  }

  /** A place has a new client, which has no bottom yet. */
  arrive(client: number): void {
    this.keepers.delete(client);
  }

  /** The message with the weights that a client starts from. */
  message(round: number, holding = usualHolding): Message<'bottom'> {
    if (this.told?.round !== round || this.told.of !== this.current)
      this.told = { round, of: this.current, messages: new Map() };
    const { messages } = this.told;
    const key = `${holding.entry} ${holding.bottom ?? ''}`;
    const message = messages.get(key) ?? forMany(this.written(round, holding));
    messages.set(key, message);
    return message;
  }

  private written(round: number, holding: Holding): Message<'bottom'> {
    const [, ...above] = this.current.segments;
    const bottom = this.bottomOf(holding);
    const contents = bottom ? [bottom, ...above] : [];
    // A client's segments are updated together, so the first one's count is that of all.
    const updates = bottom?.optimizer?.updates ?? null;
    return { type: 'bottom', round, updates, payload: encodeSegments(this.partsOf(holding), contents) };
  }

  private bottomOf({ bottom }: Holding): SegmentContent | undefined {
    const { segments, further } = this.current;
    return bottom === null ? segments[0] : further[bottom];
  }

  /** Takes a client's weights. Throws BAD_MESSAGE, BAD_SHAPE or BAD_VALUE when they do not fit. */
  upload(client: number, message: Message<'bottom'>, turned: Turned, holding = usualHolding): void {
    const { updates, payload } = message;
    if ((updates !== null) !== this.handsOverOptimizer) {
      throw new TandemError('BAD_MESSAGE', `a bottom ${updates === null ? 'lacks' : 'has'} the optimizer's state`);
    }
    if (updates !== null) checkUpdates(updates, this.bottomOf(holding)?.optimizer?.updates ?? 0, turned.steps);
    const parts = this.partsOf(holding);
    const contents = decodeSegments(parts, updates, payload);
    checkContents(parts, contents);
    this.uploads.set(client, { contents, samples: turned.samples, extra: holding.entry, bottom: holding.bottom });
  }

  /** The clients' segments with one client's upload in place of the last merge. */
  contentsOf(client: number): BottomContents {
    const upload = this.uploads.get(client);
    return upload ? { ...this.current, ...this.handedOver(upload) } : this.current;
  }

  /** Drops these clients' uploads. */
  leaveOut(clients: Iterable<number>): void {
    for (const client of clients) this.uploads.delete(client);
  }

  /** The clients that have uploaded, with their samples and how many more segments they hold. */
  get shares(): (Share & { readonly extra: number })[] {
    return [...this.uploads].map(([client, { samples, extra }]) => ({ client, samples, extra }));
  }

  /**
   * Aggregates the uploads, each bottom by itself; one that nobody sent stays as it is. `elsewhere` has the replicas of a segment that were trained in
   * lanes, for clients that do not hold it. Returns the clients that uploaded, with their samples.
   */
  merge(elsewhere: (segment: number) => readonly Contribution[] = () => []): Share[] {
    const uploads = [...this.uploads.entries()];
    this.uploads = new Map();
    const last = uploads.at(-1)?.[1];
    if (!last) return [];
    switch (this.schedule.bottoms) {
      case 'handed-over':
        this.current = { ...this.current, ...this.handedOver(last) };
        break;
      case 'averaged':
        this.current = { ...this.current, ...this.aggregate(uploads, elsewhere) };
        break;
      case 'kept':
        uploads.forEach(([client, upload]) => this.keep(client, upload));
        this.current = { ...this.current, ...this.aggregate([...this.kept.entries()], elsewhere) };
        break;
    }
    this.count(uploads.map(([, upload]) => upload));
    return uploads.map(([client, { samples }]) => ({ client, samples }));
  }

  snapshot(): BottomsSnapshot {
    const { current, uploads, kept, keepers } = this;
    return {
      current,
      uploads: [...uploads],
      kept: [...kept],
      keepers: [...keepers],
      replicas: this.allReplicas.map((segment) => segment.snapshot()),
    };
  }

  restore({ current, uploads, kept, keepers, replicas }: BottomsSnapshot): void {
    this.current = current;
    this.uploads = new Map(uploads);
    this.kept.clear();
    kept.forEach(([client, upload]) => this.kept.set(client, upload));
    this.keepers.clear();
    keepers.forEach((client) => this.keepers.add(client));
    replicas.forEach((state, i) => this.allReplicas[i]?.restore(state));
  }

  private get allReplicas(): readonly Replicas[] {
    return [...this.replicas, ...[...this.further.values()].map(({ replicas }) => replicas)];
  }

  private partsOf({ entry, bottom }: Holding): readonly HeldPart[] {
    const [own, ...above] = this.parts.slice(0, this.common + entry);
    const first = bottom === null ? own : this.further.get(bottom)?.part;
    if (!first) throw new TandemError('INTERNAL', `there is no bottom '${bottom ?? ''}'`);
    return [first, ...above];
  }

  private handedOver({ contents, bottom }: Upload): Pick<BottomContents, 'segments' | 'further'> {
    const { segments, further } = this.current;
    const [first, ...above] = contents;
    if (bottom === null || !first) return { segments: contents, further };
    return { segments: [...segments.slice(0, 1), ...above], further: { ...further, [bottom]: first } };
  }

  private keep(client: number, upload: Upload): void {
    this.keepers.add(client);
    const before = this.kept.get(client);
    const earlier = before?.bottom === upload.bottom ? before.samples : 0;
    this.kept.set(client, { ...upload, samples: upload.samples + earlier });
  }

  private count(uploads: readonly Upload[]): void {
    const counts = { ...this.current.samples };
    for (const { bottom, samples } of uploads) {
      const name = bottom ?? OWN_BOTTOM;
      counts[name] = (counts[name] ?? 0) + samples;
    }
    this.current = { ...this.current, samples: counts };
  }

  private aggregate(
    uploads: readonly (readonly [number, Upload])[],
    elsewhere: (segment: number) => readonly Contribution[],
  ): Pick<BottomContents, 'segments' | 'further'> {
    const sent = (segment: number, holders: (bottom: string | null) => boolean) =>
      uploads.flatMap(([client, { contents, samples, bottom }]) => {
        const content = contents[segment];
        return content && holders(bottom) ? [{ client, samples, weights: content.weights }] : [];
      });
    const segments = this.replicas.map((replicas, segment) => {
      const held = sent(segment, (bottom) => segment > 0 || bottom === null);
      return merged(replicas, [...held, ...elsewhere(segment)]);
    });
    const further = [...this.further].map(
      ([name, { replicas }]) =>
        [
          name,
          merged(
            replicas,
            sent(0, (bottom) => bottom === name),
          ),
        ] as const,
    );
    return { segments, further: Object.fromEntries(further) };
  }
}

function merged(replicas: Replicas, contributions: readonly Contribution[]): SegmentContent {
  const weights = contributions.length > 0 ? replicas.merge(contributions) : replicas.weights;
  return { weights, optimizer: null };
}
