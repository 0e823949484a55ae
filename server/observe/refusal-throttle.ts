import type { RunEvent } from '../../shared/events.js';
import { limitKey } from '../http/address.js';

/** Refusals of one address with one code that are passed on within a minute; further ones are counted. */
const TOLD = 20;
const MINUTE_MS = 60_000;
/** Addresses that are remembered; the one that was refused longest ago is forgotten first. */
const MOST_ADDRESSES = 10_000;

interface Told {
  readonly sinceMs: number;
  told: number;
  counted: number;
}

/** Limits how many refusals reach the log, so that nobody fills it by being refused, or by saying hello and leaving, again and again. All else passes. */
export class RefusalThrottle {
  private readonly byAddress = new Map<string, Told>();
  /** Clients that have been ready at least once. */
  private readonly joined = new Set<number>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** The event to pass on; undefined for a refusal that is only counted. */
  pass(event: RunEvent): RunEvent | undefined {
    if (event.kind === 'client-joined') this.joined.add(event.client);
    if (event.kind === 'resumed') event.clients.forEach(({ client }) => this.joined.add(client));
    // A client that was never ready counts with all others like it: there may be any number of them.
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
