import type { Percentiles, TrafficReading } from '../../shared/dashboard/state.js';
import type { MessageName } from '../../shared/protocol/messages.js';
import type { TrafficSink } from '../observe/link-traffic.js';

/** Measurements of which percentiles are taken: the newest ones. */
const KEPT = 512;

/** Adds up what crosses a server's links, for readings once in a while. */
export class TrafficMeter implements TrafficSink {
  private readonly bytes: { in: number; out: number };
  private samples = 0;
  private readonly answers = new Newest(KEPT);
  private readonly absences = new Newest(KEPT);
  private last = { atMs: NaN, in: 0, out: 0, samples: 0 };

  /** Goes on from what was counted before the server was started again. */
  constructor({ up, down }: Pick<TrafficReading, 'up' | 'down'> = { up: 0, down: 0 }) {
    this.bytes = { in: up, out: down };
  }

  message(direction: 'in' | 'out', _message: MessageName | 'unknown', bytes: number): void {
    this.bytes[direction] += bytes;
  }

  answered(message: MessageName, seconds: number): void {
    // Answers to queries are no steps.
    if (message === 'cutGradient' || message === 'middleOutput') this.answers.add(1000 * seconds);
  }

  away(seconds: number): void {
    this.absences.add(1000 * seconds);
  }

  trained(samples: number): void {
    this.samples += samples;
  }

  /** What there is so far; rates are those since the reading before. */
  read(nowMs: number): TrafficReading {
    const { last, bytes, samples } = this;
    const seconds = (nowMs - last.atMs) / 1000;
    const rate = (now: number, before: number) => (seconds > 0 ? (now - before) / seconds : 0);
    this.last = { atMs: nowMs, ...bytes, samples };
    return {
      up: bytes.in,
      down: bytes.out,
      samplesPerSecond: rate(samples, last.samples),
      upPerSecond: rate(bytes.in, last.in),
      downPerSecond: rate(bytes.out, last.out),
      answer: this.answers.percentiles(),
      away: this.absences.percentiles(),
    };
  }
}

/** The newest values of a quantity, in a ring. */
class Newest {
  private readonly ring: Float64Array;
  private count = 0;

  constructor(size: number) {
    this.ring = new Float64Array(size);
  }

  add(value: number): void {
    this.ring[this.count++ % this.ring.length] = value;
  }

  /** The nearest-rank values; null before the first one. */
  percentiles(): Percentiles | null {
    if (this.count === 0) return null;
    const sorted = this.ring.slice(0, Math.min(this.count, this.ring.length)).sort();
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
    return { p50: at(0.5), p95: at(0.95), count: this.count };
  }
}
