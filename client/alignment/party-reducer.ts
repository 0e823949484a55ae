import { MAX_IDS, POSITION_BYTES, positionsPerMessage } from '../../shared/alignment/limits.js';
import { checkPoints, POINT_BYTES } from '../../shared/alignment/points.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';

/**
 * A party's part in the alignment as a pure function of messages. The server asks, the party answers each request once,
 * so at most one message waits on either side. What does not fit is refused before anything is computed with it.
 */
export interface AligningState {
  /** How many ids the party has. */
  readonly ids: number;
  readonly align: Message<'align'> | null;
  /** The points seen so far of every party's set, its own included; and how many each is to have. */
  readonly seen: readonly number[];
  readonly totals: readonly (number | null)[];
  /** Whether a request is not answered yet. */
  readonly busy: boolean;
  /** Places of common rows so far among the points it sent. */
  readonly places: readonly number[];
}

export type AligningEffect =
  /** Hash and blind so many ids from `first`, in the secret order, and answer with them. */
  | { readonly kind: 'share'; readonly owner: number; readonly first: number; readonly count: number }
  /** Blind these points and answer with them. */
  | { readonly kind: 'blind'; readonly message: Message<'points'> }
  | { readonly kind: 'send'; readonly message: Message<'aligned'> }
  /** All is known: order the common rows by id and answer with the digest. */
  | { readonly kind: 'order'; readonly places: readonly number[] };

export function initialAligning(ids: number): AligningState {
  return { ids, align: null, seen: [], totals: [], busy: false, places: [] };
}

/** What to do about a message from the server. Throws BAD_STATE, BAD_MESSAGE or BAD_VALUE for one that does not fit. */
export function reduceAligning(state: AligningState, message: Message): readonly [AligningState, AligningEffect] {
  if (state.busy) throw new TandemError('BAD_STATE', `'${message.type}' came before the last request was answered`);
  switch (message.type) {
    case 'align':
      return begin(state, message);
    case 'points':
      return points(state, message);
    case 'common':
      return common(state, message);
    default:
      throw new TandemError('BAD_STATE', `'${message.type}' came while rows were aligned`);
  }
}

/** The request under way has been answered. */
export function answered(state: AligningState): AligningState {
  return { ...state, busy: false };
}

function begin(state: AligningState, align: Message<'align'>): readonly [AligningState, AligningEffect] {
  if (state.align) throw new TandemError('BAD_STATE', "'align' came twice");
  const { parties, party, points: most } = align;
  if (parties < 2 || parties > MAX_PARTIES || party >= parties) {
    throw new TandemError(
      'BAD_MESSAGE',
      `'align' names party ${party} of ${parties}, 2 to ${MAX_PARTIES} can be aligned`,
    );
  }
  const totals = Array.from({ length: parties }, (_, i) => (i === party ? state.ids : null));
  const next: AligningState = { ...state, align, totals, seen: totals.map(() => 0) };
  return share(next, party, most);
}

/** Enough for any run; it bounds what one message can make a party keep. */
const MAX_PARTIES = 64;

function points(state: AligningState, message: Message<'points'>): readonly [AligningState, AligningEffect] {
  const { party, points: most } = begun(state, message);
  const { owner, first, total, payload } = message;
  const known = state.totals[owner];
  const name = `the points of party ${owner} from ${first}`;
  if (known === undefined || total === 0 || total > (known ?? MAX_IDS) || total < (known ?? 0)) {
    throw new TandemError('BAD_MESSAGE', `${name} of ${total} came, ${known ?? `1 to ${MAX_IDS}`} were expected`);
  }
  if (first !== state.seen[owner] || first >= total) {
    throw new TandemError('BAD_STATE', `${name} came, those from ${state.seen[owner] ?? 0} are next`);
  }
  if (owner === party) {
    if (payload.length > 0) throw new TandemError('BAD_STATE', 'own points came back; only places do');
    return share(state, party, most);
  }
  checkPoints(payload, name);
  const count = payload.length / POINT_BYTES;
  if (count > most || first + count > total) {
    throw new TandemError('BAD_MESSAGE', `${name} are ${count}, at most ${Math.min(most, total - first)} fit`);
  }
  const totals = state.totals.map((kept, i) => (i === owner ? total : kept));
  return [
    { ...advanced(state, owner, count), totals },
    { kind: 'blind', message },
  ];
}

function share(state: AligningState, owner: number, most: number): readonly [AligningState, AligningEffect] {
  const first = state.seen[owner] ?? 0;
  const count = Math.min(most, state.ids - first);
  return [advanced(state, owner, count), { kind: 'share', owner, first, count }];
}

function common(state: AligningState, message: Message<'common'>): readonly [AligningState, AligningEffect] {
  const { party, points: most } = begun(state, message);
  const { first, total, payload } = message;
  if (state.seen[party] !== state.ids)
    throw new TandemError('BAD_STATE', 'common rows came before all points were sent');
  if (first !== state.places.length || total > state.ids) {
    throw new TandemError(
      'BAD_MESSAGE',
      `common rows from ${first} of ${total} came, ${state.places.length} are known`,
    );
  }
  const count = payload.length / POSITION_BYTES;
  if (!Number.isInteger(count) || count === 0 || count > positionsPerMessage(most) || first + count > total) {
    throw new TandemError('BAD_MESSAGE', `the common rows from ${first} of ${total} have ${payload.length} bytes`);
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const places = state.places.concat(Array.from({ length: count }, (_, i) => view.getInt32(i * POSITION_BYTES, true)));
  const next: AligningState = { ...state, places, busy: true };
  if (places.length < total) {
    return [next, { kind: 'send', message: { type: 'aligned', rows: places.length, digest: null } }];
  }
  const fits = places.every((place) => place >= 0 && place < state.ids) && new Set(places).size === places.length;
  if (!fits)
    throw new TandemError('BAD_VALUE', `the ${total} common rows are not ${total} different ones of ${state.ids}`);
  return [next, { kind: 'order', places }];
}

function begun(state: AligningState, { type }: Message): Message<'align'> {
  if (!state.align) throw new TandemError('BAD_STATE', `'${type}' came before 'align'`);
  return state.align;
}

function advanced(state: AligningState, owner: number, count: number): AligningState {
  return { ...state, busy: true, seen: state.seen.map((seen, i) => (i === owner ? seen + count : seen)) };
}
