import { nextTurn } from '../shared/next-turn.js';
import type { Message } from '../shared/protocol/messages.js';

/** What comes over a link, one message at a time, with a look at whether one is there. */
export class Inbox {
  private next: Promise<IteratorResult<Message, void>> | undefined;

  constructor(private readonly messages: AsyncGenerator<Message, void>) {}

  /** The next message; undefined when the link has ended in good order. Throws what the link throws. */
  async take(): Promise<Message | undefined> {
    const { value } = await this.ask();
    this.next = undefined;
    return value ?? undefined;
  }

  /** Whether `take` has something to say at once. Lets the rest of the process have its turn, so that something can come. */
  isFilled(): Promise<boolean> {
    return Promise.race([this.filled(), nextTurn().then(() => false)]);
  }

  /** Resolves with true when `take` has something to say at once. */
  filled(): Promise<true> {
    // The error is told by `take`, which comes next.
    return this.ask().then(
      () => true,
      () => true,
    );
  }

  private ask(): Promise<IteratorResult<Message, void>> {
    if (!this.next) {
      this.next = this.messages.next();
      // Whoever takes it hears of an error; if nobody does, the link is being closed.
      this.next.catch(() => undefined);
    }
    return this.next;
  }
}
