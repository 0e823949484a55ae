import type { DataOptions } from './training-data.js';
import { addBytes, noBytes, type ByteCounts, type ByteMeter } from '../shared/protocol/byte-meter.js';

/** What a client's part in a run has come to, whatever it was started anew in between. */
export interface Spent {
  /** Samples that it has trained on, repeats counted. */
  readonly seen: number;
  readonly bytes: ByteCounts;
  /** Of all messages, those that keep the session alive left out, so the two make `bytes.total`. */
  readonly sent: number;
  readonly received: number;
}

const nothing: Spent = { seen: 0, bytes: noBytes, sent: 0, received: 0 };

/** Adds up what a client has done, on top of what its checkpoint says. */
export class Tally {
  private seen: number;

  constructor(
    private readonly meter: ByteMeter,
    private readonly before: Spent = nothing,
  ) {
    this.seen = before.seen;
  }

  /** A step is done. */
  add(samples: number): Spent {
    this.seen += samples;
    return this.spent;
  }

  get spent(): Spent {
    const { counts, sent, received } = this.meter;
    const { before, seen } = this;
    const bytes = addBytes({ ...noBytes, ...before.bytes }, counts);
    return { seen, bytes, sent: before.sent + sent, received: before.received + received };
  }

  /** The same options; who hears how far a test is hears of the bytes by then, too. */
  counted({ onTesting, ...options }: DataOptions): DataOptions {
    return onTesting ? { ...options, onTesting: (of) => onTesting({ ...of, bytes: this.spent }) } : options;
  }
}
