import type { Logger } from 'pino';
import type { AccessEvent } from '../shared/access-event.js';

/** Only what somebody may want to act on; the audit log has all of it. */
export function logAccess(log: Logger, { what, address, subject, code, reason }: AccessEvent): void {
  if (what === 'refused') log.warn({ address, code }, `refused ${address} at the door: ${reason}`);
  if (what === 'struck-out') log.warn({ address, code }, `${address} is refused for a while (${code})`);
  if (what === 'cut') log.warn({ address, subject }, `${subject} was revoked, its link is cut`);
  if (what === 'key-enrolled') log.info({ address, subject }, `enrolled ${subject}`);
  if (what === 'model-taken') log.info({ address, subject }, `gave the merged model to ${subject ?? address}`);
}
