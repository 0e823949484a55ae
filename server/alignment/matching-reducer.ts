import { POSITION_BYTES, positionsPerMessage } from '../../shared/alignment/limits.js';
import { checkPoints, POINT_BYTES } from '../../shared/alignment/points.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import { commonPlaces, countDistinct } from './common-places.js';
import { nextRequest } from './next-request.js';
import type { Chunk, MatchingEffect, MatchingInput, MatchingState, Request, SetState } from './matching-state.js';

/** What a reducer returns: the state after an event, and what is to be done. */
type Reduced = readonly [MatchingState, readonly MatchingEffect[]];

/** Takes one message of a party; returns the state after it and what is to be sent. */
export function reduceMatching(state: MatchingState, input: MatchingInput): Reduced {
  if (state.phase === 'closed') return [state, []];
  switch (input.kind) {
    case 'begin':
      return begin(state);
    case 'came':
      return [state, isUntouched(state, input.party) ? [align(state, input.party)] : []];
    case 'left':
      if (isUntouched(state, input.party)) return [state, []];
      return fail(
        state,
        new TandemError('LINK_LOST', `party ${input.party} left while ids were matched: ${input.reason}`),
      );
    case 'received':
      try {
        return receive(state, input.party, input.message);
      } catch (error) {
        if (error instanceof TandemError) return refuse(state, input.party, error);
        throw error;
      }
  }
}

/** The parties that owe an answer, for a host's deadline. */
export function waitingFor({ phase, asked }: MatchingState): number[] {
  return phase === 'closed' ? [] : asked.flatMap((request, party) => (request ? [party] : []));
}

function begin(state: MatchingState): Reduced {
  const effects = state.sets.map((_, party) => align(state, party));
  return [{ ...state, asked: state.asked.map((): Request => ({ kind: 'share', first: 0 })) }, effects];
}

function align({ options }: MatchingState, party: number): MatchingEffect {
  const { parties, samples, salt, points } = options;
  return { kind: 'send', party, message: { type: 'align', samples, parties, party, salt, points } };
}

/** Whether a party has sent nothing yet, so that another may take its place. */
export function isUntouched({ phase, sets }: MatchingState, party: number): boolean {
  return phase === 'blinding' && sets[party]?.total === null;
}

function receive(state: MatchingState, party: number, message: Message): Reduced {
  const request = state.asked[party];
  if (!request) throw new TandemError('BAD_STATE', `'${message.type}' came, and nothing was asked for`);
  const free = { ...state, asked: replaced(state.asked, party, null) };
  if (request.kind === 'common') {
    if (message.type !== 'aligned') throw unexpected(message);
    return confirm(free, party, request.known, message);
  }
  if (message.type !== 'points') throw unexpected(message);
  return request.kind === 'share'
    ? takeOwn(free, party, request.first, message)
    : takeBlinded(free, request.owner, request.hops, request.chunk, message);
}

function takeOwn(state: MatchingState, party: number, first: number, message: Message<'points'>): Reduced {
  const { maxIds, points: most } = state.options;
  const set = setOf(state, party);
  const { total, payload } = message;
  const fits = set.total === null ? total > 0 && total <= maxIds : total === set.total;
  if (message.owner !== party || message.first !== first || !fits) {
    const expected = `its own from ${first} of ${set.total ?? `1 to ${maxIds}`}`;
    throw new TandemError(
      'BAD_MESSAGE',
      `points of party ${message.owner} from ${message.first} of ${total} came, not ${expected}`,
    );
  }
  const known = { ...set, total, own: [...set.own, payload] };
  return passOn(state, party, 0, { first, points: payload }, Math.min(most, total - first), known);
}

function takeBlinded(
  state: MatchingState,
  owner: number,
  hops: number,
  chunk: Chunk,
  message: Message<'points'>,
): Reduced {
  const set = setOf(state, owner);
  if (message.owner !== owner || message.first !== chunk.first || message.total !== set.total) {
    throw new TandemError(
      'BAD_STATE',
      `points of party ${message.owner} from ${message.first} came, others were asked for`,
    );
  }
  // Blinding makes different points of different ones.
  if (countDistinct([message.payload]) < countDistinct([chunk.points])) {
    const what = `two points of party ${owner} from ${chunk.first} were made the same`;
    throw new TandemError('BAD_VALUE', what, 'blind each point by itself, as docs/alignment.md says');
  }
  const count = chunk.points.length / POINT_BYTES;
  return passOn(state, owner, hops, { first: chunk.first, points: message.payload }, count, set);
}

/** Takes points that one more party has blinded, and asks every party that has nothing to do. */
function passOn(
  state: MatchingState,
  owner: number,
  hops: number,
  chunk: Chunk,
  count: number,
  set: SetState,
): Reduced {
  const name = `the points of party ${owner} from ${chunk.first}`;
  if (chunk.points.length !== count * POINT_BYTES) {
    throw new TandemError('BAD_VALUE', `${name} are ${chunk.points.length} bytes, not those of ${count} points`);
  }
  checkPoints(chunk.points, name);
  const waiting = set.waiting.map((list, i) => (i === hops + 1 ? [...list, chunk] : list));
  const shared = hops === 0 ? set.shared + count : set.shared;
  const next: SetState = { ...set, waiting, shared, blinded: set.blinded + count };
  const told = { ...state, sets: replaced(state.sets, owner, next) };
  const done = told.sets.every((each) => each.total !== null && pointsDone(each) === each.total);
  const [asked, effects] = done ? compare(told) : askAll(told);
  return [asked, [...progressOf(told), ...effects]];
}

function askAll(state: MatchingState): Reduced {
  const effects: MatchingEffect[] = [];
  let next = state;
  state.asked.forEach((request, party) => {
    const found = request ? undefined : nextRequest(next, party);
    if (!found) return;
    next = { ...next, sets: found.sets, asked: replaced(next.asked, party, found.request) };
    effects.push({ kind: 'send', party, message: found.message });
  });
  return [next, effects];
}

function compare(state: MatchingState): Reduced {
  const sizes = state.sets.map(({ total }) => total ?? 0);
  const { places, repeated } = commonPlaces(
    state.sets.map(({ waiting }) => (waiting.at(-1) ?? []).map((c) => c.points)),
  );
  if (repeated !== undefined) {
    const { own, total } = setOf(state, repeated);
    if (countDistinct(own) < (total ?? 0)) {
      const what = `two points of party ${repeated} are the same, so an id is there twice`;
      return refuse(state, repeated, new TandemError('BAD_DATA', what, 'keep one row an id'));
    }
    const what = `points of party ${repeated} were made the same by another party`;
    return fail(state, new TandemError('BAD_DATA', what, 'start again, with the same Tandem version everywhere'));
  }
  if (places[0]?.length === 0) {
    const what = `no id is common to all ${sizes.length} parties, which have ${sizes.join(', ')}`;
    return fail(state, new TandemError('BAD_DATA', what, 'check that all tables have the same kind of id'));
  }
  // What was compared is not needed any more.
  const sets = state.sets.map((set) => ({ ...set, waiting: [] }));
  const next: MatchingState = { ...state, phase: 'telling', sets, places };
  return sizes.reduce<Reduced>(
    ([before, effects], _, party) => {
      const [after, more] = tell(before, party, 0);
      return [after, [...effects, ...more]];
    },
    [next, []],
  );
}

function tell(state: MatchingState, party: number, first: number): Reduced {
  const places = state.places[party] ?? new Int32Array();
  const part = places.subarray(first, first + positionsPerMessage(state.options.points));
  const payload = new Uint8Array(part.length * POSITION_BYTES);
  const view = new DataView(payload.buffer);
  part.forEach((place, i) => {
    view.setInt32(i * POSITION_BYTES, place, true);
  });
  const request: Request = { kind: 'common', known: first + part.length };
  const message = { type: 'common', first, total: places.length, payload } as const;
  return [{ ...state, asked: replaced(state.asked, party, request) }, [{ kind: 'send', party, message }]];
}

function confirm(state: MatchingState, party: number, known: number, message: Message<'aligned'>): Reduced {
  const rows = state.places[party]?.length ?? 0;
  const last = known === rows;
  if (message.rows !== known || (message.digest !== null) !== last) {
    throw new TandemError('BAD_MESSAGE', `'aligned' with ${message.rows} rows came, ${known} of ${rows} were sent`);
  }
  if (!last) return tell(state, party, known);
  const digests = replaced(state.digests, party, message.digest);
  if (digests.includes(null)) return [{ ...state, digests }, []];
  if (new Set(digests).size > 1) {
    const what = `the parties pair the ${rows} common rows in different orders`;
    return fail(state, new TandemError('BAD_DATA', what, 'install the same Tandem version everywhere and start again'));
  }
  const sizes = state.sets.map(({ total }) => total ?? 0);
  return [{ ...state, phase: 'closed', digests }, [{ kind: 'aligned', rows, sizes }]];
}

function progressOf({ sets }: MatchingState): MatchingEffect[] {
  const totals = sets.map(({ total }) => total);
  if (totals.includes(null)) return [];
  const total = totals.reduce<number>((sum, size) => sum + (size ?? 0), 0) * sets.length;
  return [{ kind: 'progress', done: sets.reduce((sum, { blinded }) => sum + blinded, 0), total }];
}

function pointsDone({ waiting }: SetState): number {
  return (waiting.at(-1) ?? []).reduce((sum, { points }) => sum + points.length / POINT_BYTES, 0);
}

function refuse(state: MatchingState, party: number, error: TandemError): Reduced {
  const [next, effects] = fail(
    state,
    new TandemError('BAD_DATA', `party ${party} was refused while ids were matched: ${error.message}`),
  );
  return [next, [{ kind: 'refuse', party, error }, ...effects]];
}

function fail(state: MatchingState, error: TandemError): Reduced {
  return [{ ...state, phase: 'closed', sets: [], places: [] }, [{ kind: 'failed', error }]];
}

function setOf(state: MatchingState, owner: number): SetState {
  const set = state.sets[owner];
  if (!set) throw new TandemError('BAD_MESSAGE', `there is no party ${owner}`);
  return set;
}

function unexpected({ type }: Message): TandemError {
  return new TandemError('BAD_STATE', `'${type}' came while ids were matched`);
}

function replaced<T>(list: readonly T[], at: number, value: T): T[] {
  return list.map((item, i) => (i === at ? value : item));
}
