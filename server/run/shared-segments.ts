import { asTandemError } from '../../shared/errors.js';
import type { SegmentContent } from '../../shared/model/bottom-payload.js';
import { largestOf, type NdArray } from '../../shared/ndarray.js';
import type { Contribution } from '../aggregation/aggregator.js';
import type { ReplicasSnapshot } from '../aggregation/replicas.js';
import type { BottomContents, Bottoms, BottomsSnapshot } from './bottoms.js';
import type { Lanes, Share } from '../lane/lanes.js';
import type { ClientSession } from '../session/client-session.js';
import type { MergeTrial, WholeModel } from './merge-trial.js';

/** What a merge begins with, and goes back to. */
interface MergeStart {
  readonly bottoms: BottomsSnapshot;
  readonly averages: readonly ReplicasSnapshot[];
}

/**
 * Segments that strong clients hold themselves and that lanes hold for the others. At the end of a round one is made of all
 * replicas of each, a strong client's and a lane's alike, and everybody goes on from it.
 */
export class SharedSegments {
  private isMixed = false;
  private measured: { readonly of: BottomContents | null; readonly largest: number } = { of: null, largest: 0 };

  constructor(
    private readonly bottoms: Bottoms,
    private readonly lanes: Lanes,
    /** How many segments all clients hold: the one above them is the lanes' first. */
    private readonly common: number,
    /** Tries what was merged before it is handed out. */
    private readonly trial?: Pick<MergeTrial, 'isUsable' | 'dispose'>,
  ) {}

  /** Whether there is or was a client that holds more than others may. */
  get mixed(): boolean {
    return this.isMixed;
  }

  /** A client comes that holds more than others may. */
  mix(): void {
    this.isMixed = true;
  }

  /**
   * Makes one of bottoms, and one of lanes. What nothing can be computed with is not handed out: contributions that make it so are left out, one after
   * the other where each alone is usable, and if none is left all stays as it was. Returns whose those were.
   */
  async merge(): Promise<readonly number[]> {
    const { bottoms, lanes } = this;
    const start = { bottoms: bottoms.snapshot(), averages: lanes.averages };
    const left = bottoms.shares.map(({ client }) => client);
    const out: number[] = [];
    while (left.length > 0) {
      this.goBack(start, out);
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
    this.goBack(start, out);
    if (lanes.perClient) await lanes.accept(start.averages.map(({ current }) => current));
    return out;
  }

  /** Sends a client what it goes on from, where that is not its own. What comes of unusual values in it is not held against the client. */
  give(session: ClientSession, client: number, round: number): void {
    if (this.bottoms.keeps(client)) return;
    session.given = Math.max(session.given, this.largestNow);
    session.send(this.bottoms.message(round, session.holding));
  }

  dispose(): void {
    this.trial?.dispose();
  }

  /** The largest value of the bottoms that clients go on from now. */
  private get largestNow(): number {
    const { contents } = this.bottoms;
    if (this.measured.of !== contents)
      this.measured = { of: contents, largest: largestOf(allOf(contents).flatMap(({ weights }) => weights)) };
    return this.measured.largest;
  }

  private goBack({ bottoms, averages }: MergeStart, out: readonly number[]): void {
    this.bottoms.restore(bottoms);
    this.bottoms.leaveOut(out);
    this.lanes.recall(averages);
  }

  /** Merges what is there; undefined where nothing can be computed with that. */
  private async attempt(before: BottomContents): Promise<(readonly NdArray[])[] | undefined> {
    const then = this.lanes.averages.map(({ current }) => current);
    try {
      const tops = await this.average();
      return tops && (await this.isUsable({ bottoms: this.bottoms.contents, tops }, before, then)) ? tops : undefined;
    } catch (error) {
      // A rule that overflows, which is no fault of this program.
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

  /** Lanes that all share are what they are; those of each client were averaged before. */
  private async isUsable(model: WholeModel, before: BottomContents, then: WholeModel['tops']): Promise<boolean> {
    const tops = this.lanes.perClient ? then : model.tops;
    return (await this.trial?.isUsable(model, { bottoms: before, tops })) ?? true;
  }

  /** Those whose own part is not usable; where each is, the one that went farthest. */
  private async atFault(start: MergeStart, left: readonly number[]): Promise<readonly number[]> {
    this.goBack(start, []);
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

  /** What has become of the lanes' segments by the steps of clients that do not hold them themselves. */
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

function allOf({ segments, further }: BottomContents): SegmentContent[] {
  return [...segments, ...Object.values(further)];
}
