import type { ClientAccount } from '../../shared/events.js';
import type { Party } from '../session/party.js';

/** Who has which place in a run. A place whose client has left can be taken again; its account goes on. */
export class Places {
  private readonly parties = new Map<number, Party>();

  /** The place's party, also one that has left. */
  of(client: number): Party | undefined {
    return this.parties.get(client);
  }

  take(client: number, party: Party): void {
    party.follow(this.parties.get(client));
    this.parties.set(client, party);
  }

  /** As if nobody had come, for a client that leaves before the run begins. */
  forget(client: number): void {
    this.parties.delete(client);
  }

  /** Places that somebody holds now. */
  get taken(): ReadonlySet<number> {
    return new Set([...this.parties].flatMap(([client, { phase }]) => (phase === 'closed' ? [] : [client])));
  }

  /** What each place has done, in their order. */
  get accounts(): ClientAccount[] {
    return [...this.parties].sort(([a], [b]) => a - b).map(([client, party]) => party.account(client));
  }
}
