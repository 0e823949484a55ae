import { spanOf } from '../client/link-news.js';
import type { LinkChange } from '../shared/events.js';

/** What has become of a client's link, in one line of a server's log. */
export function changeLine(client: number, change: LinkChange): string {
  switch (change.what) {
    case 'silent': {
      const { seconds, patienceSeconds } = change;
      const until = `it computes, or the network is silent; its link is given up after ${spanOf(patienceSeconds)}`;
      return `nothing has come from client ${client} for ${Math.round(seconds)} s: ${until}`;
    }
    case 'lost':
      return `the link of client ${client} is lost (${change.reason}); it has ${spanOf(change.graceSeconds)} to come back, and until then no step is lost`;
    case 'back':
      return `client ${client} is back after ${change.seconds.toFixed(1)} s; no step was lost`;
  }
}
