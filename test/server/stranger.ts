import { WebSocket } from 'ws';
import { noAgreement } from '../../shared/protocol/capabilities.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message, MessageName } from '../../shared/protocol/messages.js';

/** How a link ended for a stranger. */
export interface Ending {
  /** The code of the error message that came before the close; null when none came. */
  readonly error: string | null;
  readonly status: number;
  readonly reason: string;
}

/** A client that keeps to no rule: sends any bytes at any time and notes what comes back. */
export class Stranger {
  readonly ending: Promise<Ending>;
  private readonly inbox: Message[] = [];
  private error: string | null = null;
  private agreement = noAgreement;
  private wake: () => void = () => undefined;

  private constructor(readonly socket: WebSocket) {
    socket.binaryType = 'arraybuffer';
    socket.on('message', (data: ArrayBuffer) => {
      const message = decodeMessage(new Uint8Array(data), this.agreement);
      if (message.type === 'error') this.error = message.code;
      this.inbox.push(message);
      this.wake();
    });
    socket.on('error', () => undefined);
    this.ending = new Promise((resolve) =>
      socket.once('close', (status, reason) => resolve({ error: this.error, status, reason: reason.toString() })),
    );
  }

  static async connect(url: string): Promise<Stranger> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const stranger = new Stranger(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return stranger;
  }

  /** A message, or bytes or text as they are. */
  send(...things: (Message | Uint8Array | string)[]): this {
    for (const thing of things) {
      // It understands all that it has named, welcome or not.
      if (typeof thing === 'object' && 'type' in thing && thing.type === 'hello')
        this.agreement = { offered: thing.capabilities, agreed: thing.capabilities };
      this.socket.send(typeof thing === 'string' || thing instanceof Uint8Array ? thing : encodeMessage(thing));
    }
    return this;
  }

  /** The next message of this type; others before it are dropped. */
  async receive<N extends MessageName>(type: N): Promise<Message<N>> {
    for (;;) {
      const message = this.inbox.shift();
      if (message?.type === type) return message as Message<N>;
      if (message?.type === 'error') throw new Error(`refused: ${message.message} (${message.code})`);
      if (!message) await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Goes without a word, as when a machine loses power. */
  vanish(): void {
    this.socket.terminate();
  }
}

export function helloOf(role: 'train' | 'infer', change: Partial<Message<'hello'>> = {}): Message<'hello'> {
  const none = { shard: null, party: null, resumes: false, segments: null, bottom: null, capabilities: [] };
  return { type: 'hello', role, engine: 'stranger', ...none, ...change };
}
