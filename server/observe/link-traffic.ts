import { definitionOf, nameOf, type MessageName } from '../../shared/protocol/messages.js';

/** Told of every message of every link. */
export interface TrafficSink {
  message(direction: 'in' | 'out', message: MessageName | 'unknown', bytes: number): void;
  /** The time from a client's message to the server's reply. */
  answered(message: MessageName, seconds: number): void;
  /** The time from a step's cut gradient to the client's next step. */
  away(seconds: number): void;
}

/** A sink that tells several others. */
export function toAll(sinks: readonly TrafficSink[]): TrafficSink {
  return {
    message: (...facts) => sinks.forEach((sink) => sink.message(...facts)),
    answered: (...facts) => sinks.forEach((sink) => sink.answered(...facts)),
    away: (seconds) => sinks.forEach((sink) => sink.away(seconds)),
  };
}

const TYPE_AT = 5;

/** Measures one link's messages by the type byte of their frames, without decoding them. */
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
    // Another message ends the round, and then clients wait for each other.
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
