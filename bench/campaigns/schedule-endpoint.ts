import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import * as delivering from '../../shared/session/delivery.js';
import { newDelivery, type Delivery } from '../../shared/session/delivery.js';

/** What goes over a simulated link. */
export type Frame = { readonly bytes: Uint8Array } | { readonly after: number } | { readonly settled: number };

type Taken = Pick<Delivery, 'received' | 'receivedDigest'>;

interface Waiting {
  readonly message: Message;
  readonly taken: Taken;
  readonly after: number;
}

export interface EndpointSnapshot {
  readonly delivery: Delivery;
  readonly stored: number;
}

/** What can be broken on purpose. */
export interface EndpointBugs {
  /** Takes what is sent again without waiting for what it answers. */
  readonly noAfter?: boolean;
  /** Settles what only the newest checkpoint holds. */
  readonly settlesEarly?: boolean;
  /** Writes a checkpoint without the messages that may be asked for again. */
  readonly keepsNothing?: boolean;
  /** Takes the last message before a checkpoint again after it. */
  readonly takesTwice?: boolean;
}

/** One side of a session in a simulated world: what shared/session/lasting-link.ts does, without links, clocks and promises. */
export class Endpoint {
  delivery: Delivery = newDelivery;
  stored = 0;
  /** What the other side has yet to get; null without a link. */
  out: Frame[] | null = null;
  private taken: Taken = newDelivery;
  private waiting: Waiting[] = [];
  private transmitted = 0;
  private told = 0;
  private resumedAt = 0;
  private toldAfter = 0;
  private heardAfter = 0;

  constructor(
    private readonly bugs: EndpointBugs,
    from?: EndpointSnapshot,
  ) {
    if (!from) return;
    this.delivery = from.delivery;
    this.taken = { received: from.delivery.received, receivedDigest: from.delivery.receivedDigest };
    this.stored = from.stored;
  }

  send(message: Message): void {
    this.delivery = delivering.send(this.delivery, encodeMessage(message), this.taken.received);
    this.flush();
  }

  arrive(frame: Frame): void {
    if ('settled' in frame) this.delivery = delivering.settle(this.delivery, frame.settled);
    else if ('after' in frame) this.heardAfter = frame.after;
    else {
      this.delivery = delivering.receive(this.delivery, frame.bytes);
      const { received, receivedDigest } = this.delivery;
      const message = decodeMessage(frame.bytes);
      this.waiting.push({ message, taken: { received, receivedDigest }, after: this.heardAfter });
    }
  }

  get ready(): boolean {
    const [next] = this.waiting;
    return next !== undefined && (this.bugs.noAfter === true || this.delivery.sent >= next.after);
  }

  take(): Message | undefined {
    const next = this.waiting.shift();
    if (next) this.taken = next.taken;
    return next?.message;
  }

  snapshot(): EndpointSnapshot {
    const { keepsNothing, takesTwice } = this.bugs;
    const { received, receivedDigest } = this.taken;
    const own = { received: takesTwice ? Math.max(0, received - 1) : received, receivedDigest, ahead: null };
    const delivery = { ...this.delivery, ...own, ...(keepsNothing ? { kept: [] } : {}) };
    return { delivery, stored: this.stored };
  }

  /** Two checkpoints hold what was received up to `older`, the newest up to `newer`. */
  store(older: number, newer: number): void {
    this.stored = this.bugs.settlesEarly ? newer : older;
  }

  /** A new link between both sides. Throws what delivery throws. */
  static join(a: Endpoint, b: Endpoint): void {
    const [fromA, fromB] = [delivering.position(a.delivery), delivering.position(b.delivery)];
    a.begin(fromB, b.stored);
    b.begin(fromA, a.stored);
  }

  private begin(theirs: delivering.Position, settled: number): void {
    const { delivery } = delivering.resume(this.delivery, theirs);
    this.delivery = delivering.settle(delivery, settled);
    this.out = [];
    this.transmitted = theirs.received;
    this.told = this.stored;
    [this.resumedAt, this.toldAfter, this.heardAfter] = [this.delivery.received, 0, 0];
    this.flush();
  }

  private flush(): void {
    if (!this.out) return;
    if (this.stored > this.told) this.out.push({ settled: (this.told = this.stored) });
    for (const { number, bytes, after } of this.delivery.kept) {
      if (number <= this.transmitted) continue;
      if (after > this.toldAfter && after <= this.resumedAt) this.out.push({ after: (this.toldAfter = after) });
      this.out.push({ bytes });
      this.transmitted = number;
    }
  }
}
