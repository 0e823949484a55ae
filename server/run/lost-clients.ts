import type { Departure, LostClient } from '../../shared/events.js';

/** Named in an error; the log has all of them. */
const MOST_NAMED = 3;

/** A departure as a loss, after so many steps of the client; undefined for one on purpose. */
export function lossOf(client: number, { code, reason: message }: Departure, step: number): LostClient | undefined {
  return code === null ? undefined : { client, code, message, step };
}

/** The lost clients of a run once one more has left: one entry a place, the newest. */
export function withLost(lost: readonly LostClient[], loss: LostClient | undefined): readonly LostClient[] {
  if (!loss) return lost;
  return [...lost.filter(({ client }) => client !== loss.client), loss].sort((a, b) => a.client - b.client);
}

/** What has become of the clients of a run that cannot go on, for its error. */
export function causesOf(lost: readonly LostClient[]): string {
  const named = lost
    .slice(0, MOST_NAMED)
    .map(({ client, code, message }) => `; client ${client}: ${message} (${code})`);
  const more = lost.length - named.length;
  return `${named.join('')}${more > 0 ? `; and ${more} more` : ''}`;
}
