import { AligningParty } from '../../client/alignment/aligning-party.js';
import { reduceMatching } from '../../server/alignment/matching-reducer.js';
import {
  initialMatching,
  type MatchingEffect,
  type MatchingInput,
  type MatchingState,
} from '../../server/alignment/matching-state.js';
import type { RandomWords } from '../../shared/alignment/secret-order.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { createRng } from '../../shared/rng.js';

/** What one party said and heard, for tests that look at what others could see. */
export interface Seen {
  readonly party: number;
  readonly from: 'party' | 'server';
  readonly message: Message;
}

export interface Outcome {
  readonly parties: readonly AligningParty[];
  readonly effects: readonly MatchingEffect[];
  readonly seen: readonly Seen[];
  /** Most requests one party had to answer at once. */
  readonly mostWaiting: number;
  readonly state: MatchingState;
}

export interface DriveOptions {
  readonly seed: number;
  readonly points?: number;
  readonly maxIds?: number;
  readonly random?: (party: number) => RandomWords;
  /** Changes what a party answers, to play a broken or hostile one. */
  readonly tamper?: (party: number, reply: Message, nth: number) => Message;
  /** Leaves instead of its n-th answer. */
  readonly leaves?: { readonly party: number; readonly nth: number };
}

export function seededWords(seed: number, party: number): RandomWords {
  const rng = createRng('words', seed, party);
  return (words) => words.forEach((_, i) => (words[i] = rng.int(2 ** 32)));
}

/** Parties and matching in one place; every message passes through its bytes, and parties answer in a seeded order. */
export async function align(tables: readonly (readonly string[])[], options: DriveOptions): Promise<Outcome> {
  const { seed, points = 7, maxIds, tamper, leaves } = options;
  const random = options.random ?? ((party: number) => seededWords(seed, party));
  const parties = await Promise.all(tables.map((ids, i) => AligningParty.open({ ids, random: random(i) })));
  const rng = createRng('deliveries', seed);
  const effects: MatchingEffect[] = [];
  const seen: Seen[] = [];
  const inbox: Message[][] = parties.map(() => []);
  const answers = parties.map(() => 0);
  let mostWaiting = 0;
  let state = initialMatching({
    parties: parties.length,
    samples: 'train',
    salt: `run ${seed}`,
    points,
    ...(maxIds ? { maxIds } : {}),
  });
  const dispatch = (input: MatchingInput) => {
    const [next, more] = reduceMatching(state, input);
    state = next;
    effects.push(...more);
    for (const effect of more) {
      if (effect.kind !== 'send') continue;
      const message = overTheWire(effect.message);
      seen.push({ party: effect.party, from: 'server', message });
      inbox[effect.party]?.push(message);
      mostWaiting = Math.max(mostWaiting, inbox[effect.party]?.length ?? 0);
    }
  };
  dispatch({ kind: 'begin' });
  for (;;) {
    const busy = inbox.flatMap((messages, party) => (messages.length > 0 ? [party] : []));
    const party = busy[rng.int(busy.length)];
    if (party === undefined || state.phase === 'closed') break;
    const message = inbox[party]?.shift();
    const nth = (answers[party] ?? 0) + 1;
    answers[party] = nth;
    if (leaves?.party === party && leaves.nth === nth) {
      dispatch({ kind: 'left', party, reason: 'the link broke' });
      continue;
    }
    const honest = await (parties[party] as AligningParty).answer(message as Message);
    const reply = overTheWire(tamper ? tamper(party, honest, nth) : honest);
    seen.push({ party, from: 'party', message: reply });
    dispatch({ kind: 'received', party, message: reply });
  }
  return { parties, effects, seen, mostWaiting, state };
}

function overTheWire(message: Message): Message {
  return decodeMessage(encodeMessage(message));
}

/** Tables of odd ids with a part in common: text beyond ASCII, numbers with zeros in front, long ones. */
export function oddTables(seed: number, parties: number): string[][] {
  const rng = createRng('tables', seed);
  const kinds: ((i: number) => string)[] = [
    (i) => `${i}`,
    (i) => `00${i}`,
    (i) => `-${i}.50`,
    (i) => `Zoë ${i} 🦆`,
    (i) => `é${'x'.repeat(i % 300)}${i}`,
    (i) => `${i}:${i}`,
    (i) => `病人${i}`,
  ];
  const all = Array.from({ length: 23 + rng.int(30) }, (_, i) => (kinds[i % kinds.length] ?? String)(i));
  const shared = all.slice(0, 1 + rng.int(9));
  return Array.from({ length: parties }, () => {
    const own = [...shared, ...all.slice(shared.length).filter(() => rng.float() < 0.6)];
    return Array.from(rng.permutation(own.length), (i) => own[i] ?? '');
  });
}

export function plainIntersection(tables: readonly (readonly string[])[]): string[] {
  return [...new Set(tables[0])].filter((id) => tables.every((table) => table.includes(id))).sort();
}
