import type { MessageName } from '../protocol/messages.js';

/** Messages that belong to a link, or to the end of a session, and are not sent again on another link. */
export const unnumbered: ReadonlySet<MessageName> = new Set<MessageName>([
  ...(['hello', 'welcome', 'resume', 'resumed', 'settled', 'ping', 'after', 'away', 'error', 'bye'] as const),
]);
/** Where nothing is written to disk: how many messages are taken before the other side is told to forget them. */
export const SETTLE_EVERY = 4;
/** How many messages may wait to be read: of a client that should wait for replies; and otherwise, what is sent again included. */
export const MOST_WAITING = 8;
export const MOST_AGAIN = 512;
/** The same at a client: a server may have to send it the answers of a whole evaluation again. */
export const MOST_AGAIN_FROM_SERVER = 16_384;
