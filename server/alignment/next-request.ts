import type { Message } from '../../shared/protocol/messages.js';
import type { MatchingState, Request, SetState } from './matching-state.js';

interface Found {
  readonly request: Request;
  readonly message: Message<'points'>;
  readonly sets: readonly SetState[];
}

/**
 * What a party with nothing to do is asked next: its own points first, then those that have gone the shortest way, so
 * that no party runs out of work. The set of party i goes through i, i + 1, ... around to i - 1.
 */
export function nextRequest({ sets }: MatchingState, party: number): Found | undefined {
  const own = sets[party];
  if (own && (own.total === null || own.shared < own.total)) {
    const { shared: first, total } = own;
    const message = { type: 'points', owner: party, first, total: total ?? 0, payload: new Uint8Array() } as const;
    return { request: { kind: 'share', first }, message, sets };
  }
  for (let hops = 1; hops < sets.length; hops++) {
    const owner = (party - hops + sets.length) % sets.length;
    const set = sets[owner];
    const [chunk, ...rest] = set?.waiting[hops] ?? [];
    if (!set || !chunk) continue;
    const waiting = set.waiting.map((list, i) => (i === hops ? rest : list));
    return {
      request: { kind: 'blind', owner, hops, chunk },
      message: { type: 'points', owner, first: chunk.first, total: set.total ?? 0, payload: chunk.points },
      sets: sets.map((each, i) => (i === owner ? { ...set, waiting } : each)),
    };
  }
  return undefined;
}
