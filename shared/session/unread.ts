import { TandemError } from '../errors.js';
import type { Message } from '../protocol/messages.js';
import type { Inbox } from './inbox.js';
import { MOST_UNREAD, MOST_UNREAD_BYTES, MOST_WAITING, MOST_WAITING_OF_TRAINER } from './numbering.js';

/** Bounds how many received messages may wait to be read. */
export class Unread {
  private most = MOST_WAITING;

  constructor(
    private readonly inbox: Pick<Inbox<unknown>, 'size' | 'room'>,
    private readonly atServer: boolean,
  ) {}

  /** Throws BAD_STATE where a client whose session ends with its link sends more than it can need without waiting for replies. */
  take(message: Message, lasts: boolean): void {
    if (message.type === 'hello' && message.role === 'train') this.most = MOST_WAITING_OF_TRAINER;
    if (!this.atServer || lasts || this.inbox.size < this.most) return;
    throw new TandemError('BAD_STATE', `more than ${this.most} messages were sent without waiting for replies`);
  }

  /** Undefined while there is room; else resolves when there is, and the socket is not read until then. */
  room(): Promise<void> | undefined {
    return this.inbox.room(MOST_UNREAD, MOST_UNREAD_BYTES);
  }
}
