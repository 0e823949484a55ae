import { labelBytes } from './message-codec.js';
import { definitionOf, type Message } from './messages.js';

/**
 * Bytes of whole WebSocket messages, by what they carry. A message counts in one place, except that the labels beside
 * smashed data count as `labels` and the rest of that message as `up`.
 */
export interface ByteCounts {
  /** Smashed data, of training and of queries. */
  readonly up: number;
  /** Cut gradients and predictions. */
  readonly down: number;
  readonly labels: number;
  /** Bottom models, both ways, and their definition. */
  readonly weights: number;
  readonly control: number;
  /** Keeping sessions alive: heartbeats, acknowledgements. It grows with time, so `total` leaves it out. */
  readonly link: number;
  readonly total: number;
  /** How many bytes more `total` would be without codecs. */
  readonly saved: number;
}

export class ByteMeter {
  private readonly sums = { up: 0, down: 0, labels: 0, weights: 0, control: 0, link: 0 };

  /** `wire` packs and unpacks the messages that are counted. */
  constructor(private readonly wire: { readonly saved: number } = { saved: 0 }) {}

  /** Of all messages but those that keep a session alive, by direction as this side sees it. */
  private readonly directions = { sent: 0, received: 0 };

  add(message: Message, bytes: number, direction: 'sent' | 'received'): void {
    const labels = labelBytes(message);
    const { counts } = definitionOf(message.type);
    this.sums.labels += labels;
    this.sums[counts] += bytes - labels;
    if (counts !== 'link') this.directions[direction] += bytes;
  }

  /** Bytes whose message could not be read. */
  addUnread(bytes: number): void {
    this.sums.control += bytes;
    this.directions.received += bytes;
  }

  get sent(): number {
    return this.directions.sent;
  }

  get received(): number {
    return this.directions.received;
  }

  get counts(): ByteCounts {
    const { up, down, labels, weights, control, link } = this.sums;
    return {
      up,
      down,
      labels,
      weights,
      control,
      link,
      total: up + down + labels + weights + control,
      saved: this.wire.saved,
    };
  }
}

export const noBytes: ByteCounts = { up: 0, down: 0, labels: 0, weights: 0, control: 0, link: 0, total: 0, saved: 0 };

export function addBytes(a: ByteCounts, b: ByteCounts): ByteCounts {
  return {
    up: a.up + b.up,
    down: a.down + b.down,
    labels: a.labels + b.labels,
    weights: a.weights + b.weights,
    control: a.control + b.control,
    link: a.link + b.link,
    total: a.total + b.total,
    saved: a.saved + b.saved,
  };
}
