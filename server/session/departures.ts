import type { TandemError } from '../../shared/errors.js';
import type { Departure } from '../../shared/events.js';

export const goodbye: Departure = { code: null, reason: 'it said goodbye' };
export const linkLost: Departure = { code: 'LINK_LOST', reason: 'the link was lost' };

/** The departure of a client whose session ended with this error. CANCELLED means that it was stopped on purpose. */
export function departureFor({ code, message }: Pick<TandemError, 'code' | 'message'>): Departure {
  return { code: code === 'CANCELLED' ? null : code, reason: message };
}
