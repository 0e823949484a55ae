import { asTandemError, TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Places } from '../run/places.js';

/** As `partyOf`, but a client that was let in and is not ready for long loses its place to this one. */
export function partyAmong(
  hello: Message<'hello'>,
  parties: number,
  places: Pick<Places, 'taken' | 'makeWay'>,
): number {
  try {
    return partyOf(hello, parties, places.taken);
  } catch (error) {
    const place = hello.party === 'active' ? parties - 1 : Number(hello.party);
    if (asTandemError(error).code !== 'RUN_FULL' || !places.makeWay(place)) throw error;
    return partyOf(hello, parties, places.taken);
  }
}

/**
 * The place of a party: passive ones are numbered from 0, the active one is the last of `parties`. Throws BAD_OPTION for
 * a party that the run does not have, RUN_FULL for one that is there already.
 */
function partyOf(hello: Message<'hello'>, parties: number, taken: ReadonlySet<number>): number {
  if (hello.party === null) {
    throw new TandemError('BAD_OPTION', 'the client did not say which party it is', `join with ${choicesOf(parties)}`);
  }
  if (hello.segments !== null) {
    const what = `the client asks for ${hello.segments} segments, and a party of a vertical run holds what the cut gives it`;
    throw new TandemError('BAD_OPTION', what, 'leave --segments out');
  }
  if (hello.bottom !== null) {
    const what = `the client asks for the bottom '${hello.bottom.slice(0, 40)}', and each party of a vertical run has a bottom of its own`;
    throw new TandemError('BAD_OPTION', what, 'leave --bottom out');
  }
  const party = numberOf(hello.party, parties);
  if (taken.has(party)) {
    throw new TandemError('RUN_FULL', `party ${hello.party} has already joined`, 'join as another party');
  }
  return party;
}

/** The place of a party by its name. Throws BAD_OPTION for one that the run does not have. */
export function numberOf(name: string, parties: number): number {
  const party = name === 'active' ? parties - 1 : /^\d{1,4}$/.test(name) ? Number(name) : NaN;
  if (party < parties && (party < parties - 1 || name === 'active')) return party;
  const what = `the run has no passive party '${name.slice(0, 40)}'`;
  throw new TandemError('BAD_OPTION', what, `join with ${choicesOf(parties)}`);
}

function choicesOf(parties: number): string {
  return `--party ${Array.from({ length: parties - 1 }, (_, i) => i).join(', ')} or active`;
}

/** Throws RUN_OVER after the end, and RUN_FULL once rows were matched, since a later client's rows are not. */
export function refuseLateness(finished: boolean, matched: boolean): void {
  if (finished) throw new TandemError('RUN_OVER', 'the run has finished');
  if (!matched) return;
  const what = 'the rows of all parties have been matched by id, which a party that comes later has no part in';
  throw new TandemError('RUN_FULL', what, 'wait for the next run, or start one whose rows are in order already');
}
