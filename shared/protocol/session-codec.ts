import { agreeBy, noAgreement, type Agreement } from './capabilities.js';
import { decodeMessage, encodeMessage } from './message-codec.js';
import { SessionWire } from '../wire/session-wire.js';
import type { Message } from './messages.js';

/** The messages of one session, in both directions: what its sides agree on decides which fields may stand in them, and how tensors are coded. */
export class SessionCodec {
  constructor(
    private agreement: Agreement = noAgreement,
    readonly wire = new SessionWire(),
  ) {}

  /** One that was packed, if it has tensors. */
  encode(message: Message): Uint8Array {
    const bytes = encodeMessage(message, this.agreement);
    this.agreement = agreeBy(this.agreement, message);
    return bytes;
  }

  /** Tensors stay packed: the reader unpacks them. */
  decode(bytes: Uint8Array): Message {
    const message = decodeMessage(bytes, this.agreement);
    this.agreement = agreeBy(this.agreement, message);
    return message;
  }

  /** The capabilities that both sides have named. */
  get agreed(): readonly string[] {
    return this.agreement.agreed;
  }
}
