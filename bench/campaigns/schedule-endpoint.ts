import type { Message } from '../../shared/protocol/messages.js';
import { newDelivery, type Delivery } from '../../shared/session/delivery.js';
import { Exchange, type Outlet } from '../../shared/session/exchange.js';
import { RoomCalls } from '../../shared/transport/room-calls.js';

/** What goes over a simulated link. */
export interface Frame {
  readonly message: Message;
  /** Of a message that is numbered. */
  readonly bytes: Uint8Array | null;
}

/** What can be broken on purpose. */
export interface WorldBugs {
  /** Takes what is sent again without waiting for what it answers. */
  readonly noAfter?: boolean;
  /** Lets the other side forget what a checkpoint holds before it is good whatever happens. */
  readonly settlesEarly?: boolean;
  /** Writes a checkpoint without the messages that may be asked for again. */
  readonly keepsNothing?: boolean;
  /** Takes the last message before a checkpoint again after it. */
  readonly takesTwice?: boolean;
  /** A client that writes a third checkpoint before the second is safe. */
  readonly hurries?: boolean;
  /** Sends without looking whether the link has room. */
  readonly neverWaits?: boolean;
  /** A server that takes in what comes while its lanes still update, and merges without waiting for that. */
  readonly mergesEarly?: boolean;
  /** A client that does not go back to the checkpoint before when its server has lost what the newest relies on. */
  readonly staysNew?: boolean;
}

/** What a checkpoint holds of a session: what went over it, and how much of what was received had been written down before. */
export interface KeptLink {
  readonly delivery: Delivery;
  readonly stored: number;
}

/** One side of a session in a simulated world: an exchange as in shared/session/lasting-link.ts, over links that are lists of frames. */
export class Endpoint {
  /** What the other side has yet to get; null without a link. */
  out: Frame[] | null = null;
  /** Whether the other side is about to write a checkpoint. */
  asked = false;
  private readonly exchange: Exchange;
  private roomCalls = new RoomCalls();

  constructor(
    private readonly bugs: WorldBugs,
    /** How many of the session's messages the send buffer of a link has room for. */
    private readonly room: number,
    kept: Delivery = newDelivery,
  ) {
    this.exchange = new Exchange(kept);
  }

  send(message: Message): void {
    this.exchange.send(message);
  }

  /** What the other side gets next; it leaves room for another. */
  handOver(): Frame | undefined {
    const frame = this.out?.shift();
    if (frame) this.roomCalls.make();
    return frame;
  }

  /** At a client: goes on over a new link. */
  resume(): void {
    this.exchange.moveTo(this.outlet());
    this.exchange.agreed = false;
    const standing = this.exchange.tellStanding();
    this.out?.push({ message: { type: 'resume', session: '', ...standing }, bytes: null });
  }

  cut(): void {
    this.out = null;
    this.exchange.detach();
  }

  /** Throws what delivery throws. */
  arrive({ message, bytes }: Frame): void {
    const { exchange } = this;
    switch (message.type) {
      case 'settled':
        return exchange.settle(message.number);
      case 'ping':
        this.out?.push({ message: { type: 'settled', number: exchange.settleable }, bytes: null });
        return;
      case 'after':
        if (this.bugs.noAfter) exchange.settling.tookThere(message.received);
        else exchange.follows(message.received);
        this.asked = true;
        return;
      case 'resume':
        exchange.moveTo(this.outlet());
        this.out?.push({ message: { type: 'resumed', ...exchange.tellStanding() }, bytes: null });
        return exchange.agree(message);
      case 'resumed':
        return exchange.agree(message);
      default:
        if (!exchange.agreed) throw new Error(`'${message.type}' came before 'resumed'`);
        exchange.put(message, bytes);
    }
  }

  get hasMessage(): boolean {
    return this.exchange.reader.inbox.size > 0;
  }

  /** The next message that can be taken, now that it is. */
  take(): Message | undefined {
    const message = this.exchange.reader.next();
    this.exchange.reader.took();
    return message;
  }

  /** What a checkpoint holds; `short` without what the other side has taken. */
  keep(short: boolean): KeptLink {
    const { exchange, bugs } = this;
    const delivery = exchange.snapshot(short ? exchange.settling.takenThere : 0);
    const received = bugs.takesTwice ? Math.max(0, delivery.received - 1) : delivery.received;
    const kept = bugs.keepsNothing ? [] : delivery.kept;
    return { delivery: { ...delivery, received, kept }, stored: exchange.settling.stored ?? 0 };
  }

  /** Checkpoints hold what was received up to `received`. */
  store(received: number): void {
    this.exchange.settling.store(received);
  }

  /** The newest one does, but lacks what was sent up to `needs`. */
  storeWithout(received: number, needs: number): void {
    if (this.bugs.settlesEarly) this.store(received);
    else this.exchange.settling.storeWithout(received, needs);
    this.exchange.tellSettled();
  }

  askToStore(): void {
    this.exchange.tellTaken();
  }

  ping(): void {
    this.out?.push({ message: { type: 'ping' }, bytes: null });
  }

  hold(): void {
    this.exchange.pauseSending('checkpoint');
  }

  release(): void {
    this.exchange.resumeSending('checkpoint');
  }

  get isSafe(): boolean {
    return this.bugs.hurries === true || this.exchange.settling.isSafe;
  }

  get sent(): number {
    return this.exchange.sent;
  }

  /** How many messages the other side may still ask for. */
  get keptCount(): number {
    return this.exchange.keptCount;
  }

  private outlet(): Outlet {
    const out: Frame[] = [];
    this.out = out;
    this.roomCalls = new RoomCalls();
    const send = (message: Message) => void out.push({ message, bytes: null });
    const hasRoom = () => out.filter(({ bytes }) => bytes).length < this.room;
    const { bugs, roomCalls } = this;
    return {
      send,
      attempt: send,
      sendBytes: (bytes, message) => {
        if (!hasRoom()) throw new Error(`'${message.type}' was sent where ${this.room} messages waited`);
        out.push({ message, bytes });
      },
      get hasRoom() {
        return bugs.neverWaits === true || hasRoom();
      },
      onRoom: (callback) => roomCalls.add(callback),
    };
  }
}
