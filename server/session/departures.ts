import { isRefusalCode, TandemError } from '../../shared/errors.js';
import type { Departure } from '../../shared/events.js';
import type { Message } from '../../shared/protocol/messages.js';

export const goodbye: Departure = { code: null, reason: 'it said goodbye' };
export const linkLost: Departure = { code: 'LINK_LOST', reason: 'the link was lost' };

/** Why a client is gone that an error has ended. Whoever stopped it did so on purpose. */
export function departureFor({ code, message }: Pick<TandemError, 'code' | 'message'>): Departure {
  return { code: code === 'CANCELLED' ? null : code, reason: message };
}

/** What the other side says went wrong there, in its words and by our table of codes. */
export function toldBy({ code, message, action, step }: Message<'error'>): TandemError {
  return new TandemError(isRefusalCode(code) ? code : 'INTERNAL', message, action, step ?? undefined);
}
