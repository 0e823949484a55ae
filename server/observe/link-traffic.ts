import { definitionOf, nameOf, type MessageName } from '../../shared/protocol/messages.js';

/** What hears of every message of every link. */
export interface TrafficSink {
  message(direction: 'in' | 'out', message: MessageName | 'unknown', bytes: number): void;
  /** From a client's message to the server's answer. */
  answered(message: MessageName, seconds: number): void;
  /** From a step's cut gradient on its way down to the client's next step. */
  away(seconds: number): void;
}

/** Tells several of them the same. */
export function toAll(sinks: readonly TrafficSink[]): TrafficSink {
  return {
    message: (...facts) => sinks.forEach((sink) => sink.message(...facts)),
    answered: (...facts) => sinks.forEach((sink) => sink.answered(...facts)),
    away: (seconds) => sinks.forEach((sink) => sink.away(seconds)),
  };
}

const TYPE_AT = 5;

/** One link's messages, by the type byte of their frames: nothing is decoded for it. */
export class LinkTraffic {
  private askedMs: number | null = null;
  private gradientMs: number | null = null;

  constructor(private readonly sink: TrafficSink) {}

  received(frame: Uint8Array): void {
    const name = nameOf(frame[TYPE_AT] ?? 0);
    const nowMs = performance.now();
    this.sink.message('in', name ?? 'unknown', frame.length);
    this.askedMs = nowMs;
    if (name === 'smashed' && this.gradientMs !== null) this.sink.away((nowMs - this.gradientMs) / 1000);
    // Anything else that comes first is the end of a round, in which clients wait for each other.
    this.gradientMs = null;
  }

  sent(frame: Uint8Array): void {
    const name = nameOf(frame[TYPE_AT] ?? 0);
    this.sink.message('out', name ?? 'unknown', frame.length);
    this.gradientMs = name === 'cutGradient' ? performance.now() : null;
    if (this.askedMs === null || !name || definitionOf(name).counts !== 'down') return;
    this.sink.answered(name, (performance.now() - this.askedMs) / 1000);
    this.askedMs = null;
  }
}
