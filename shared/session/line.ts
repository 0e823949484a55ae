import type { Clock } from '../clock.js';
import { asTandemError, TandemError } from '../errors.js';
import type { RefusalCode } from '../refusals.js';
import type { ByteMeter } from '../protocol/byte-meter.js';
import type { Message } from '../protocol/messages.js';
import type { SessionCodec } from '../protocol/session-codec.js';
import type { Transport } from '../transport/transport.js';
import { Heartbeat } from './heartbeat.js';

export interface LineOwner {
  /** Throws what ends the line. */
  arrived(message: Message, bytes: Uint8Array, line: Line): void;
  /** Undefined while the owner keeps up with what arrives; else resolves when it does, and until then no more is read. */
  isBehind(): Promise<void> | undefined;
  /** The line is over, with what broke it or, undefined, in good order; not called after `drop`. */
  ended(error: TandemError | undefined, line: Line): void;
}

/** What is made of signs of life, and of their absence. */
export interface Life {
  readonly clock: Clock;
  readonly beatSeconds: number;
  silent(seconds: number): void;
  patienceSeconds(): number;
  /** A message of so many bytes has come. */
  heard(bytes: number): void;
}

/** What ends a line and not the session that goes over it. */
export const losses: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['LINK_LOST', 'TOO_SLOW']);

/** One of the links of a session: typed messages over one transport, bytes counted, silence noticed. */
export class Line {
  private heartbeat: Heartbeat | undefined;
  private life: Life | undefined;
  private dropped = false;
  private isPaused = false;

  constructor(
    readonly transport: Transport,
    private readonly codec: SessionCodec,
    private readonly meter: ByteMeter,
    private readonly owner: LineOwner,
  ) {}

  /** Reads from now on. */
  open(): this {
    void this.pump();
    return this;
  }

  /** Asks for a sign of life when no message comes for so many seconds, and takes the line for broken when there is none for longer than `life` has patience. */
  listenForLife(life: Life): void {
    this.heartbeat?.stop();
    this.life = life;
    // Who computes in one piece takes nothing of what waits, and is silent for the same time.
    this.transport.bearWith?.(() => life.patienceSeconds());
    this.heartbeat = new Heartbeat(life.clock, life.beatSeconds, {
      ask: () => {
        this.attempt({ type: 'ping' });
        // Something has come and waits to be read, so silence says nothing of the other side.
        if (this.isPaused) this.heartbeat?.hear();
      },
      bytes: () => this.transport.bytesRead,
      silent: (quiet) => life.silent(quiet),
      patienceSeconds: () => life.patienceSeconds(),
      giveUp: (quiet) => {
        this.transport.close(4421, 'LINK_LOST');
        this.over(new TandemError('LINK_LOST', `nothing was heard for ${quiet} s`));
      },
    });
  }

  /** Whether nothing has come for long, up to this moment. */
  get isSilent(): boolean {
    return this.heartbeat?.isSilent ?? false;
  }

  /** Whether it can be seen that part of a message has come. */
  get showsBytes(): boolean {
    return this.transport.bytesRead !== undefined;
  }

  stopListening(): void {
    this.heartbeat?.stop();
  }

  send(message: Message): void {
    const packed = this.codec.wire.pack(message);
    this.sendBytes(this.codec.encode(packed), packed);
  }

  /** Bytes of a message that was packed and encoded before. */
  sendBytes(bytes: Uint8Array, message: Message): void {
    this.transport.send(bytes);
    this.meter.add(message, bytes.length, 'sent');
  }

  /** Says a thing that is not missed where it does not get through. */
  attempt(message: Message): void {
    try {
      this.send(message);
    } catch {
      // The end of the line is noticed by who reads it.
    }
  }

  get hasRoom(): boolean {
    return this.transport.hasRoom;
  }

  onRoom(callback: () => void): void {
    this.transport.onRoom(callback);
  }

  /** Undefined while there is room; else resolves when there is, or when the line has ended. */
  room(): Promise<void> | undefined {
    return this.hasRoom ? undefined : new Promise((resolve) => this.onRoom(resolve));
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
        this.life?.heard(bytes.length);
        this.read(bytes);
        await this.untilReady();
        if (this.dropped) return;
      }
      this.over(undefined);
    } catch (error) {
      this.over(asTandemError(error));
    }
  }

  private async untilReady(): Promise<void> {
    const ready = this.owner.isBehind();
    if (!ready) return;
    this.isPaused = true;
    await ready;
    this.isPaused = false;
  }

  private read(bytes: Uint8Array): void {
    let message: Message;
    try {
      message = this.codec.decode(bytes);
    } catch (error) {
      this.meter.addUnread(bytes.length);
      throw error;
    }
    this.meter.add(message, bytes.length, 'received');
    this.owner.arrived(message, bytes, this);
  }

  private over(error: TandemError | undefined): void {
    if (this.dropped) return;
    this.heartbeat?.stop();
    this.owner.ended(error, this);
  }
}
