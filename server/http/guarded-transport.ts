import { checkRole, type Grant } from '../entry/grant.js';
import { TandemError } from '../../shared/errors.js';
import { decodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Transport } from '../../shared/transport/transport.js';

export interface Guard {
  /** What the client was let in for; null where everybody is. */
  readonly grant: Grant | null;
  /** Called for every message; throws TOO_MANY. */
  readonly take: () => Promise<void>;
  readonly received: (frame: Uint8Array) => void;
  readonly sent: (frame: Uint8Array) => void;
  /** The session ended with a refusal. */
  readonly refused: (code: string) => void;
}

/** A client's transport at the server: counted, limited, and its first message held to the role it was let in for. */
export class GuardedTransport implements Transport {
  constructor(
    private readonly inner: Transport,
    private readonly guard: Guard,
  ) {}

  send(bytes: Uint8Array): void {
    this.inner.send(bytes);
    this.guard.sent(bytes);
  }

  async *frames(): AsyncGenerator<Uint8Array, void> {
    const { grant, take, received } = this.guard;
    let first = true;
    for await (const frame of this.inner.frames()) {
      received(frame);
      await take();
      const hello = first && grant ? helloIn(frame) : undefined;
      if (hello && grant) checkRole(grant, hello);
      first = false;
      yield frame;
    }
  }

  close(status?: number, reason?: string): void {
    if (reason) this.guard.refused(reason);
    this.inner.close(status, reason);
  }
}

/** Any other first message is refused by the session itself. */
function helloIn(frame: Uint8Array): Message<'hello'> | undefined {
  try {
    const message = decodeMessage(frame);
    return message.type === 'hello' ? message : undefined;
  } catch (error) {
    if (error instanceof TandemError) return undefined;
    throw error;
  }
}
