import type { DataOptions } from './training-data.js';
import { addBytes, noBytes, type ByteCounts, type ByteMeter } from '../shared/protocol/byte-meter.js';

/** A client's totals in a run, restarts included. */
export interface Spent {
  /** Samples that it has trained on, repeats counted. */
  readonly seen: number;
  readonly bytes: ByteCounts;
  /** Without messages that keep the session alive; the two add up to `bytes.total`. */
  readonly sent: number;
  readonly received: number;
}

const nothing: Spent = { seen: 0, bytes: noBytes, sent: 0, received: 0 };

/** Adds up a client's steps, samples and bytes, on top of its checkpoint. */
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

  /** The options, with the bytes so far added to progress of tests. */
  counted({ onTesting, ...options }: DataOptions): DataOptions {
    return onTesting ? { ...options, onTesting: (of) => onTesting({ ...of, bytes: this.spent }) } : options;
  }
}
