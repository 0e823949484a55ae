import { TandemError } from '../../shared/errors.js';
import { encodeSegments } from '../../shared/model/bottom-payload.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { ClientSession } from '../session/client-session.js';
import { numberOf } from './joint-admission.js';
import type { PartyPart } from './party-parts.js';

/** Previews of a party's part: sessions that see what would be sent of their data, without taking part yet. */
export class PartyPreviews {
  private readonly seen = new WeakMap<ClientSession, PartyPart>();

  constructor(private readonly parts: readonly PartyPart[]) {}

  /** Throws BAD_OPTION for a party that is not there, and without a name, since that asks for predictions. */
  begin(party: ClientSession, { party: name }: Message<'hello'>): PartyPart {
    if (name === null) throw noPrediction();
    const part = this.parts[numberOf(name, this.parts.length)];
    if (!part) throw new TandemError('INTERNAL', `there is no part for party ${name}`);
    this.seen.set(party, part);
    return part;
  }

  /** Sends the first weights of the part: what a party has learned since is for nobody else. */
  show(party: ClientSession): void {
    const { parts = [], weights = [] } = this.seen.get(party) ?? {};
    const payload = encodeSegments(
      parts,
      weights.map((values) => ({ weights: values, optimizer: null })),
    );
    party.dispatch({ kind: 'weights', message: { type: 'bottom', round: 0, updates: null, payload } });
  }
}

export function noPrediction(): TandemError {
  const what = 'a prediction of a vertical run needs all parties';
  return new TandemError('BAD_OPTION', what, 'bring the rows with the run (join --predict), or export the model');
}
