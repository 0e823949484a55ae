import { definitionOf, nameOf, type MessageName } from '../../shared/protocol/messages.js';

/** What hears of every message of every link. */
export interface TrafficSink {
  message(direction: 'in' | 'out', message: MessageName | 'unknown', bytes: number): void;
  /** From a client's message to the server's answer. */
  answered(message: MessageName, seconds: number): void;
}

const TYPE_AT = 5;

/** One link's messages, by the type byte of their frames: nothing is decoded for it. */
export class LinkTraffic {
  private askedMs: number | null = null;

  constructor(private readonly sink: TrafficSink) {}

  received(frame: Uint8Array): void {
    this.sink.message('in', nameOf(frame[TYPE_AT] ?? 0) ?? 'unknown', frame.length);
    this.askedMs = performance.now();
  }

  sent(frame: Uint8Array): void {
    const name = nameOf(frame[TYPE_AT] ?? 0);
    this.sink.message('out', name ?? 'unknown', frame.length);
    if (this.askedMs === null || !name || definitionOf(name).counts !== 'down') return;
    this.sink.answered(name, (performance.now() - this.askedMs) / 1000);
    this.askedMs = null;
  }
}
