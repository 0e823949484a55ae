import { TandemError } from '../errors.js';
import type { Message } from '../protocol/messages.js';
import type { Inbox } from './inbox.js';
import { MOST_UNREAD, MOST_UNREAD_BYTES, MOST_WAITING, MOST_WAITING_OF_TRAINER } from './numbering.js';

/** How much of what has come may wait to be read. */
export class Unread {
  private most = MOST_WAITING;

  constructor(
    private readonly inbox: Pick<Inbox<unknown>, 'size' | 'room'>,
    private readonly atServer: boolean,
  ) {}

  /** Throws BAD_STATE where a client without a session, to whom nothing is ever sent again, sends more than one has to. */
  take(message: Message, lasts: boolean): void {
    if (message.type === 'hello' && message.role === 'train') this.most = MOST_WAITING_OF_TRAINER;
    if (!this.atServer || lasts || this.inbox.size < this.most) return;
    throw new TandemError('BAD_STATE', `more than ${this.most} messages were sent without waiting for replies`);
  }

  /** Undefined while more can be taken; else resolves when it can, and until then the other side is made to wait. */
  room(): Promise<void> | undefined {
    return this.inbox.room(MOST_UNREAD, MOST_UNREAD_BYTES);
  }
}
