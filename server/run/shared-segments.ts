import type { Contribution } from '../aggregation/aggregator.js';
import type { Bottoms } from './bottoms.js';
import type { Lanes, Share } from './lanes.js';

/**
 * Segments that strong clients hold themselves and that lanes hold for the others. At the end of a round one is made of all
 * replicas of each, a strong client's and a lane's alike, and everybody goes on from it.
 */
export class SharedSegments {
  private isMixed = false;

  constructor(
    private readonly bottoms: Bottoms,
    private readonly lanes: Lanes,
    /** How many segments all clients hold: the one above them is the lanes' first. */
    private readonly common: number,
  ) {}

  /** Whether there is or was a client that holds more than others may. */
  get mixed(): boolean {
    return this.isMixed;
  }

  /** A client comes that holds more than others may. */
  mix(): void {
    this.isMixed = true;
  }

  /** Makes one of bottoms, and one of lanes. */
  async merge(): Promise<void> {
    const { bottoms, lanes } = this;
    if (!this.isMixed) {
      await lanes.merge(bottoms.merge());
      return;
    }
    const inLanes = await this.contributions(bottoms.shares);
    const shares = bottoms.merge((segment) => inLanes(segment - this.common));
    await lanes.merge(shares, bottoms.weights.slice(this.common));
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
