import type { TandemError } from '../../shared/errors.js';
import type { Departure } from '../../shared/events.js';

export const goodbye: Departure = { code: null, reason: 'it said goodbye' };
export const linkLost: Departure = { code: 'LINK_LOST', reason: 'the link was lost' };

/** Why a client is gone that an error has ended. Whoever stopped it did so on purpose. */
export function departureFor({ code, message }: Pick<TandemError, 'code' | 'message'>): Departure {
  return { code: code === 'CANCELLED' ? null : code, reason: message };
}
