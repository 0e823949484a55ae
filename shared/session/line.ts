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

/** Decides how long a line may be silent. */
export interface Life {
  readonly clock: Clock;
  readonly beatSeconds: number;
  silent(seconds: number): void;
  patienceSeconds(): number;
  /** A message of so many bytes has come. */
  heard(bytes: number): void;
}

/** Errors that end a line, but not its session. */
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

  /** Sends a ping when no message has come for a beat, and takes the line for broken when it is silent for longer than `life` allows. */
  listenForLife(life: Life): void {
    this.heartbeat?.stop();
    this.life = life;
    // While the other side computes it does not read either.
    this.transport.bearWith?.(() => life.patienceSeconds());
    this.heartbeat = new Heartbeat(life.clock, life.beatSeconds, {
      ask: () => {
        this.attempt({ type: 'ping' });
        // Reading is paused here, so the silence is not the other side's.
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

  /** Whether the line is silent, up to this moment. */
  get isSilent(): boolean {
    return this.heartbeat?.isSilent ?? false;
  }

  /** Whether bytes of incomplete messages are counted. */
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

  /** Sends a message that may be lost. */
  attempt(message: Message): void {
    try {
      this.send(message);
    } catch {
      // The reader notices the end of the line.
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

  /** The owner ignores whatever still arrives. */
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
