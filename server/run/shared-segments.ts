import { asTandemError } from '../../shared/errors.js';
import { largest } from '../../shared/extremes.js';
import type { SegmentContent } from '../../shared/model/bottom-payload.js';
import { largestOf, type NdArray } from '../../shared/ndarray.js';
import type { Contribution } from '../aggregation/aggregator.js';
import type { ReplicasSnapshot } from '../aggregation/replicas.js';
import type { BottomContents, Bottoms, BottomsSnapshot } from './bottoms.js';
import type { Lanes, Share } from '../lane/lanes.js';
import type { ClientSession } from '../session/client-session.js';
import type { MergeTrial, WholeModel } from './merge-trial.js';
import { gainOf } from './overflow.js';

/** The state before a merge, to roll back to. */
interface MergeStart {
  readonly bottoms: BottomsSnapshot;
  readonly averages: readonly ReplicasSnapshot[];
}

/**
 * Segments that strong clients hold themselves, and lanes for the other clients. At the end of a round all replicas of each are
 * aggregated, clients' and lanes' alike, and everybody goes on from the result.
 */
export class SharedSegments {
  private isMixed = false;
  private measured: { readonly of: BottomContents | null; readonly given: number } = { of: null, given: 0 };
  /** Of the bottoms that the run began with. */
  private readonly firstGains: readonly number[];

  constructor(
    private readonly bottoms: Bottoms,
    private readonly lanes: Lanes,
    /** How many segments every client holds; the next one is the lanes' first. */
    private readonly common: number,
    /** Tries a merged model before it is sent out. */
    private readonly trial?: Pick<MergeTrial, 'isUsable' | 'dispose'>,
  ) {
    this.firstGains = gainsOf(bottoms.contents);
  }

  /** Whether any client holds, or has held, more segments than the others. */
  get mixed(): boolean {
    return this.isMixed;
  }

  /** A client joins that holds more segments than the others. */
  mix(): void {
    this.isMixed = true;
  }

  /**
   * Aggregates bottoms and lanes. Where the result is not usable, the clients at fault are left out, one after the other where each alone is usable;
   * if none is left, everything stays as it was. Returns the clients that were left out.
   */
  async merge(): Promise<readonly number[]> {
    const { bottoms, lanes } = this;
    const start = { bottoms: bottoms.snapshot(), averages: lanes.averages };
    const left = bottoms.shares.map(({ client }) => client);
    const out: number[] = [];
    while (left.length > 0) {
      this.rollBack(start, out);
      const tops = await this.attempt(start.bottoms.current);
      if (tops) {
        await lanes.accept(tops, this.isMixed);
        return out;
      }
      for (const client of await this.atFault(start, left)) {
        left.splice(left.indexOf(client), 1);
        out.push(client);
      }
    }
    this.rollBack(start, out);
    if (lanes.perClient) await lanes.accept(start.averages.map(({ current }) => current));
    return out;
  }

  /** Sends a client the bottom to go on from, unless it keeps its own. What comes of unusual values in it is not held against the client. */
  give(session: ClientSession, client: number, round: number): void {
    if (this.bottoms.keeps(client)) return;
    session.given = Math.max(session.given, this.givenNow);
    session.send(this.bottoms.message(round, session.holding));
  }

  dispose(): void {
    this.trial?.dispose();
  }

  /**
   * The largest value of the bottoms that clients are sent now; or how many times as large as at the start they may make a value, since weights that are all usual can
   * together make large ones.
   */
  private get givenNow(): number {
    const { contents } = this.bottoms;
    if (this.measured.of !== contents) {
      const gains = gainsOf(contents).map((gain, i) => gain / (this.firstGains[i] ?? 1));
      const given = largest(gains, largestOf(allOf(contents).flatMap(({ weights }) => weights)));
      this.measured = { of: contents, given };
    }
    return this.measured.given;
  }

  private rollBack({ bottoms, averages }: MergeStart, out: readonly number[]): void {
    this.bottoms.restore(bottoms);
    this.bottoms.leaveOut(out);
    this.lanes.recall(averages);
  }

  /** Aggregates the uploads that are left; undefined where the result is not usable. */
  private async attempt(before: BottomContents): Promise<(readonly NdArray[])[] | undefined> {
    const then = this.lanes.averages.map(({ current }) => current);
    try {
      const tops = await this.average();
      return tops && (await this.isUsable({ bottoms: this.bottoms.contents, tops }, before, then)) ? tops : undefined;
    } catch (error) {
      // The aggregation overflowed.
      if (asTandemError(error).code === 'BAD_VALUE') return undefined;
      throw error;
    }
  }

  private async average(): Promise<(readonly NdArray[])[] | undefined> {
    const { bottoms, lanes } = this;
    if (!this.isMixed) return lanes.average(bottoms.merge());
    const inLanes = await this.contributions(bottoms.shares);
    const shares = bottoms.merge((segment) => inLanes(segment - this.common));
    return lanes.average(shares, bottoms.weights.slice(this.common));
  }

  /** Compares with the last merge where each client has a lane; a shared lane is not merged, so it is compared with itself. */
  private async isUsable(model: WholeModel, before: BottomContents, then: WholeModel['tops']): Promise<boolean> {
    const tops = this.lanes.perClient ? then : model.tops;
    return (await this.trial?.isUsable(model, { bottoms: before, tops })) ?? true;
  }

  /** The clients whose own weights are not usable; where all are, the one with the largest change. */
  private async atFault(start: MergeStart, left: readonly number[]): Promise<readonly number[]> {
    this.rollBack(start, []);
    const before = start.bottoms.current;
    const then = start.averages.map(({ current }) => current);
    const unusable: number[] = [];
    let farthest = { client: left[0] ?? 0, distance: -1 };
    for (const client of left) {
      const bottoms = this.bottoms.contentsOf(client);
      const tops = await this.lanes.of(client).weights();
      if (!(await this.isUsable({ bottoms, tops }, before, then))) unusable.push(client);
      const distance = distanceOf(bottoms, before);
      if (distance > farthest.distance) farthest = { client, distance };
    }
    return unusable.length > 0 ? unusable : [farthest.client];
  }

  /** The lanes' replicas of a segment, trained by clients that do not hold it themselves. */
  private async contributions(
    shares: readonly (Share & { readonly extra: number })[],
  ): Promise<(segment: number) => Contribution[]> {
    const replicas = new Map(
      await Promise.all(shares.map(async ({ client }) => [client, await this.lanes.of(client).weights()] as const)),
    );
    const replica = (client: number, segment: number) => replicas.get(client)?.[segment] ?? [];
    return (segment) => {
      const weak = shares.filter(({ extra }) => extra <= segment);
      const [first] = weak;
      if (segment < 0 || !first) return [];
      if (this.lanes.perClient) {
        return weak.map(({ client, samples }) => ({ client, samples, weights: replica(client, segment) }));
      }
      // One lane has taken the steps of all of them.
      const samples = weak.reduce((sum, share) => sum + share.samples, 0);
      return [{ client: first.client, samples, weights: replica(first.client, segment) }];
    };
  }
}

/** The largest change of a weight. */
function distanceOf(bottoms: BottomContents, before: BottomContents): number {
  const parts = (contents: BottomContents) => allOf(contents).flatMap(({ weights }) => weights);
  const then = parts(before);
  return parts(bottoms).reduce((most, { data }, i) => {
    const old = then[i]?.data ?? data;
    return Math.max(
      most,
      largestOf([{ data: Float64Array.from(data, (value, at) => value - (old[at] ?? 0)) as unknown as Float32Array }]),
    );
  }, 0);
}

/** Of what most clients hold, and of each other bottom. */
function gainsOf({ segments, further }: BottomContents): readonly number[] {
  const parts = [segments, ...Object.values(further).map((content) => [content])];
  return parts.map((part) => gainOf(part.flatMap(({ weights }) => weights)));
}

function allOf({ segments, further }: BottomContents): SegmentContent[] {
  return [...segments, ...Object.values(further)];
}
