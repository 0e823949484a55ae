import type { RunEvent } from '../../shared/events.js';
import { limitKey } from '../http/address.js';

/** Refusals of one address for one reason within a minute that are told one by one; further ones are counted. */
const TOLD = 20;
const MINUTE_MS = 60_000;
/** Addresses that are remembered; the one that was refused longest ago is forgotten first. */
const MOST_ADDRESSES = 10_000;

interface Told {
  readonly sinceMs: number;
  told: number;
  counted: number;
}

/** Which events are told: whoever is refused, or says hello and leaves, again and again fills no log. Of clients that have been ready there are few, and all is told. */
export class ToldRefusals {
  private readonly byAddress = new Map<string, Told>();
  /** Who has been ready: whoever says hello and goes has not, however often. */
  private readonly joined = new Set<number>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** The event as it is told; undefined for a refusal that is only counted. */
  told(event: RunEvent): RunEvent | undefined {
    if (event.kind === 'client-joined') this.joined.add(event.client);
    if (event.kind === 'resumed') event.clients.forEach(({ client }) => this.joined.add(client));
    // A link that was let in says who it is in its first message; without one, or not ready, it is anybody.
    if (event.kind === 'refused' && !(event.client !== null && this.joined.has(event.client)))
      return this.note(`a link ${event.code}`, event);
    if (event.kind === 'client-left' && !this.joined.delete(event.client))
      return this.note(`a link that left ${event.code ?? ''}`, event);
    if (event.kind === 'access' && event.what === 'refused')
      return this.note(`${limitKey(event.address)} ${event.code}`, event);
    return event;
  }

  private note<E extends { readonly reason: string | null }>(address: string, event: E): E | undefined {
    const nowMs = this.nowMs();
    const known = this.byAddress.get(address);
    const isFresh = !known || nowMs - known.sinceMs >= MINUTE_MS;
    const entry = isFresh ? { sinceMs: nowMs, told: 0, counted: 0 } : known;
    this.remember(address, entry);
    if (entry.told >= TOLD) {
      entry.counted++;
      return undefined;
    }
    entry.told++;
    const untold = isFresh ? (known?.counted ?? 0) : 0;
    return untold > 0 ? { ...event, reason: `${event.reason}; ${untold} more before it were not told` } : event;
  }

  /** A map keeps its order: the newest is last. */
  private remember(address: string, entry: Told): void {
    this.byAddress.delete(address);
    this.byAddress.set(address, entry);
    const [oldest] = this.byAddress.keys();
    if (this.byAddress.size > MOST_ADDRESSES && oldest !== undefined) this.byAddress.delete(oldest);
  }
}
