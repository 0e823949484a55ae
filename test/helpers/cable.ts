import { TandemError } from '../../shared/errors.js';
import { decodeMessage } from '../../shared/protocol/message-codec.js';
import { nameOf } from '../../shared/protocol/messages.js';
import { unnumbered } from '../../shared/session/numbering.js';
import { FrameQueue } from '../../shared/transport/frame-queue.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { RoomCalls } from '../../shared/transport/room-calls.js';
import type { Transport } from '../../shared/transport/transport.js';

const TYPE_AT = 5;

export interface CableOptions {
  /** Messages of a session that each end's send buffer has room for; one leaves it a turn. Those of the link itself do not wait. */
  readonly room: number;
  /** Hears of every message that reaches an end. */
  readonly passed?: (cable: Cable, bytes: Uint8Array) => void;
  /** Breaks the cable on purpose: a session does not see that there is no room. */
  readonly hidesRoom?: boolean;
}

/**
 * Two ends of a link in this process that can be cut: what is under way is lost, and both ends are told that the link broke. What is sent waits
 * in a small buffer; who sends a session's message where there is no room is refused.
 */
export class Cable {
  readonly ends: readonly [Transport, Transport];
  private readonly cutEnds: CutEnd[];

  constructor({ passed = () => undefined, ...options }: CableOptions) {
    const ends = loopbackPair().map((end) => new CutEnd(end, options, (bytes) => passed(this, bytes)));
    this.cutEnds = ends;
    ends.forEach((end, i) => (end.peer = ends[1 - i]));
    this.ends = ends as unknown as [Transport, Transport];
  }

  cut(): void {
    for (const end of this.cutEnds) end.cut();
  }
}

class CutEnd implements Transport {
  private readonly queue = new FrameQueue();
  private readonly calls = new RoomCalls();
  private buffer: Uint8Array[] = [];
  private closing: (() => void) | undefined;
  private isDraining = false;
  private isCut = false;
  /** Once a hello has gone this way that asks for no session: what a plain link says does not wait. */
  private isPlain = false;
  peer: CutEnd | undefined;

  constructor(
    private readonly inner: Transport,
    private readonly options: Omit<CableOptions, 'passed'>,
    private readonly passed: (bytes: Uint8Array) => void,
  ) {
    void this.pump();
  }

  send(bytes: Uint8Array): void {
    if (this.isCut || this.closing) throw new TandemError('LINK_LOST', 'the cable is cut');
    this.isPlain ||= isHelloOfPlainLink(bytes);
    if (isNumbered(bytes) && this.isFull) {
      throw new TandemError('TOO_SLOW', `'${nameOf(bytes[TYPE_AT] ?? 0)}' was sent where ${this.options.room} waited`);
    }
    this.buffer.push(bytes);
    this.drain();
  }

  get hasRoom(): boolean {
    return this.options.hidesRoom === true || !this.isFull;
  }

  private get isFull(): boolean {
    if (this.isPlain || this.peer?.isPlain) return false;
    return this.buffer.filter(isNumbered).length >= this.options.room;
  }

  onRoom(callback: () => void): void {
    this.calls.add(callback);
    this.drain();
  }

  frames(): AsyncIterable<Uint8Array> {
    return this.queue;
  }

  close(status?: number, reason?: string): void {
    this.closing ??= () => this.inner.close(status, reason);
    this.drain();
  }

  cut(): void {
    this.isCut = true;
    this.buffer = [];
    this.queue.end(new TandemError('LINK_LOST', 'the cable was cut'));
    this.inner.close(4999, 'cut');
    this.calls.make();
  }

  /** A message a turn, and the close after the last. */
  private drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    setImmediate(() => {
      this.isDraining = false;
      if (this.isCut) return this.calls.make();
      const bytes = this.buffer.shift();
      if (bytes) this.pass(bytes);
      if (this.hasRoom || this.closing) this.calls.make();
      if (this.buffer.length > 0) this.drain();
      else this.closing?.();
    });
  }

  private pass(bytes: Uint8Array): void {
    try {
      this.inner.send(bytes);
    } catch {
      // The other end has closed, and its reader is told.
    }
  }

  private async pump(): Promise<void> {
    try {
      for await (const bytes of this.inner.frames()) {
        if (this.isCut) return;
        this.queue.push(bytes);
        this.passed(bytes);
      }
      this.queue.end();
    } catch (error) {
      this.queue.end(error as TandemError);
    }
  }
}

function isHelloOfPlainLink(bytes: Uint8Array): boolean {
  if (nameOf(bytes[TYPE_AT] ?? 0) !== 'hello') return false;
  const message = decodeMessage(bytes);
  return message.type === 'hello' && !message.resumes;
}

function isNumbered(bytes: Uint8Array): boolean {
  const type = nameOf(bytes[TYPE_AT] ?? 0);
  return type !== undefined && !unnumbered.has(type);
}
