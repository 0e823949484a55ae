import type { Transport } from '../transport/transport.js';
import type { TandemError } from '../errors.js';
import { codecRegistry } from '../wire/codec-registry.js';
import type { Codec } from '../wire/codec.js';
import { SessionWire } from '../wire/session-wire.js';
import { ByteMeter } from './byte-meter.js';
import type { Message } from './messages.js';
import { refusalMessage } from './refusal-message.js';
import { SessionCodec } from './session-codec.js';

/** Typed messages over a transport, with their bytes counted in both directions. */
export class Link {
  readonly meter: ByteMeter;
  private readonly codec: SessionCodec;

  /** With custom codecs, if there are any. */
  constructor(
    private readonly transport: Transport,
    codecs: readonly Codec[] = [],
  ) {
    this.codec = new SessionCodec(undefined, new SessionWire(undefined, codecRegistry(codecs)));
    this.meter = new ByteMeter(this.codec.wire);
  }

  send(message: Message): void {
    const packed = this.codec.wire.pack(message);
    const bytes = this.codec.encode(packed);
    this.transport.send(bytes);
    this.meter.add(packed, bytes.length, 'sent');
  }

  /** The capabilities that both sides have named. */
  get agreed(): readonly string[] {
    return this.codec.agreed;
  }

  /** Messages as they arrive. Throws what decodeMessage throws, and LINK_LOST when the link breaks. */
  async *messages(): AsyncGenerator<Message, void> {
    for await (const bytes of this.transport.frames()) {
      let message: Message;
      try {
        message = this.codec.decode(bytes);
      } catch (error) {
        this.meter.addUnread(bytes.length);
        throw error;
      }
      this.meter.add(message, bytes.length, 'received');
      yield this.codec.wire.unpack(message);
    }
  }

  /** Tells the other side why, and closes. */
  refuse(error: TandemError): void {
    try {
      this.send(refusalMessage(error));
    } catch {
      // The link is gone or full: the close status still says why.
    }
    this.transport.close(error.close, error.code);
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
