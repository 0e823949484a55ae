import type { Clock } from '../clock.js';
import { asTandemError, TandemError } from '../errors.js';
import type { ByteMeter } from '../protocol/byte-meter.js';
import { decodeMessage, encodeMessage } from '../protocol/message-codec.js';
import type { Message } from '../protocol/messages.js';
import type { Transport } from '../transport/transport.js';
import { Heartbeat } from './heartbeat.js';

export interface LineOwner {
  /** Throws what ends the line. */
  arrived(message: Message, bytes: Uint8Array, line: Line): void;
  /** The line is over, with what broke it or, undefined, in good order; not called after `drop`. */
  ended(error: TandemError | undefined, line: Line): void;
}

/** One of the links of a session: typed messages over one transport, bytes counted, silence noticed. */
export class Line {
  private heartbeat: Heartbeat | undefined;
  private dropped = false;

  constructor(
    readonly transport: Transport,
    private readonly meter: ByteMeter,
    private readonly owner: LineOwner,
  ) {}

  /** Reads from now on. */
  open(): this {
    void this.pump();
    return this;
  }

  /** Takes the line for broken when nothing is heard for twice as many seconds. */
  listenForLife(clock: Clock, seconds: number): void {
    this.heartbeat?.stop();
    this.heartbeat = new Heartbeat(clock, seconds, {
      ask: () => this.attempt({ type: 'ping' }),
      giveUp: () => {
        this.transport.close(4421, 'LINK_LOST');
        this.over(new TandemError('LINK_LOST', `nothing was heard for ${2 * seconds} s`));
      },
    });
  }

  stopListening(): void {
    this.heartbeat?.stop();
  }

  send(message: Message): void {
    this.sendBytes(encodeMessage(message), message);
  }

  /** Bytes of a message that was encoded before. */
  sendBytes(bytes: Uint8Array, message: Message): void {
    this.transport.send(bytes);
    this.meter.add(message, bytes.length);
  }

  /** Says a thing that is not missed where it does not get through. */
  attempt(message: Message): void {
    try {
      this.send(message);
    } catch {
      // The end of the line is noticed by who reads it.
    }
  }

  close(status?: number, reason?: string): void {
    this.heartbeat?.stop();
    this.transport.close(status, reason);
  }

  /** The owner has lost interest: nothing that still comes is told. */
  drop(): void {
    this.dropped = true;
    this.heartbeat?.stop();
  }

  private async pump(): Promise<void> {
    try {
      for await (const bytes of this.transport.frames()) {
        if (this.dropped) return;
        this.heartbeat?.hear();
        this.read(bytes);
        if (this.dropped) return;
      }
      this.over(undefined);
    } catch (error) {
      this.over(asTandemError(error));
    }
  }

  private read(bytes: Uint8Array): void {
    let message: Message;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      this.meter.addUnread(bytes.length);
      throw error;
    }
    this.meter.add(message, bytes.length);
    this.owner.arrived(message, bytes, this);
  }

  private over(error: TandemError | undefined): void {
    if (this.dropped) return;
    this.heartbeat?.stop();
    this.owner.ended(error, this);
  }
}
