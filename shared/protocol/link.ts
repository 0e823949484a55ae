import type { Transport } from '../transport/transport.js';
import { TandemError } from '../errors.js';
import { ByteMeter } from './byte-meter.js';
import { decodeMessage, encodeMessage } from './message-codec.js';
import type { Message } from './messages.js';

/** Typed messages over a transport, with their bytes counted in both directions. */
export class Link {
  readonly meter = new ByteMeter();

  constructor(private readonly transport: Transport) {}

  send(message: Message): void {
    const bytes = encodeMessage(message);
    this.transport.send(bytes);
    this.meter.add(message, bytes.length);
  }

  /** Messages as they arrive. Throws what decodeMessage throws, and LINK_LOST when the link breaks. */
  async *messages(): AsyncGenerator<Message, void> {
    for await (const bytes of this.transport.frames()) {
      let message: Message;
      try {
        message = decodeMessage(bytes);
      } catch (error) {
        this.meter.addUnread(bytes.length);
        throw error;
      }
      this.meter.add(message, bytes.length);
      yield message;
    }
  }

  /** Tells the other side why, and closes. */
  refuse(error: TandemError): void {
    const { code, message, action, step = null } = error;
    try {
      this.send({ type: 'error', code, message: message.slice(0, 1000), action: action.slice(0, 1000), step });
    } catch {
      // The link is gone or full: the close status still says why.
    }
    this.transport.close(error.close, code);
  }

  close(): void {
    this.transport.close();
  }

  /** What was taken is gone with the link; shared/session/lasting-link.ts remembers it. */
  took(): void {
    return;
  }

  finish(): void {
    this.close();
  }
}
