import { nextTurn } from '../shared/next-turn.js';
import type { Message } from '../shared/protocol/messages.js';

/** Messages of a link, one at a time, which can also be asked whether one has arrived. */
export class Inbox {
  private next: Promise<IteratorResult<Message, void>> | undefined;

  constructor(private readonly messages: AsyncGenerator<Message, void>) {}

  /** The next message; undefined when the link has ended in good order. Throws what the link throws. */
  async take(): Promise<Message | undefined> {
    const { value } = await this.ask();
    this.next = undefined;
    return value ?? undefined;
  }

  /** Whether `take` would resolve at once. Gives other work a turn first, so that a message can arrive. */
  isFilled(): Promise<boolean> {
    return Promise.race([this.filled(), nextTurn().then(() => false)]);
  }

  /** Resolves when `take` would resolve at once. */
  filled(): Promise<true> {
    // `take` throws the error.
    return this.ask().then(
      () => true,
      () => true,
    );
  }

  private ask(): Promise<IteratorResult<Message, void>> {
    if (!this.next) {
      this.next = this.messages.next();
      // `take` throws the error; without a `take` the link is being closed.
      this.next.catch(() => undefined);
    }
    return this.next;
  }
}
