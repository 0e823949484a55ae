import type { MessageName } from '../protocol/messages.js';
import { MOST_WINDOW } from '../protocol/pace.js';

/** Messages that belong to a link, or to the end of a session, and are not sent again on another link. */
export const unnumbered: ReadonlySet<MessageName> = new Set<MessageName>([
  ...(['hello', 'welcome', 'resume', 'resumed', 'settled', 'ping', 'after', 'away', 'error', 'bye'] as const),
]);
/** Without checkpoints: after how many taken messages the other side is told to forget them. */
export const SETTLE_EVERY = 4;
/** How many messages of a client without a session may wait to be read: of one that waits for each reply, and of one that trains. */
export const MOST_WAITING = 8;
export const MOST_WAITING_OF_TRAINER = 2 * MOST_WINDOW;
/** How much of a session may wait to be read before the socket is paused: after a lost link, any number of messages may be sent again. */
export const MOST_UNREAD = 512;
export const MOST_UNREAD_BYTES = 64 * 1024 * 1024;
