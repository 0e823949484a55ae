import { createHash } from 'node:crypto';
import { realClock, type Clock } from '../../shared/clock.js';
import type { Life } from './life.js';

/** Pauses before the next attempt are shorter, grace and silence are longer. */
const SHORT_SECONDS = 0.05;

/** Lets as many turns of the event loop pass. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Short pauses are a turn of the event loop, so that a world waits for nothing and goes the same way each time. */
export const turnClock: Clock = {
  after(seconds, callback) {
    if (seconds > SHORT_SECONDS) return realClock.after(seconds, callback);
    const turn = setImmediate(callback);
    return () => clearImmediate(turn);
  },
};

/** Where grace is over when nobody is left who could come back: time would pass, and nothing else happen. */
export class GraceClock implements Clock {
  private readonly alarms = new Set<() => void>();
  private isOver = false;

  constructor(private readonly graceSeconds: number) {}

  after(seconds: number, callback: () => void): () => void {
    if (seconds !== this.graceSeconds) return turnClock.after(seconds, callback);
    if (this.isOver) return turnClock.after(0, callback);
    const stop = realClock.after(seconds, callback);
    const ring = () => {
      stop();
      callback();
    };
    this.alarms.add(ring);
    return () => {
      stop();
      this.alarms.delete(ring);
    };
  }

  pass(): void {
    this.isOver = true;
    this.alarms.forEach((ring) => ring());
    this.alarms.clear();
  }
}

/** Resolves when nothing has happened for so many turns of the event loop, or nobody waits any more. `happened` counts. */
export async function untilIdle(most: number, happened: () => number, waits: () => boolean): Promise<void> {
  for (let idle = 0, seen = happened(); idle < most; idle++) {
    await turns(1);
    if (!waits()) return;
    if (happened() !== seen) [idle, seen] = [0, happened()];
  }
}

/** Turns of the event loop in which nothing happens, after which nothing will: more than a disk, a link or a new attempt takes. */
const IDLE_TURNS = 300;

/** Where some pauses are over once nothing has happened for long, so that what they decide is the same each time. */
export function idleClock(pauses: readonly number[], life: Life, happened: () => number, others: Clock): Clock {
  return {
    after(seconds, callback) {
      if (!pauses.includes(seconds)) return others.after(seconds, callback);
      let isOver = false;
      const waits = () => !isOver && life.alive;
      void untilIdle(IDLE_TURNS, happened, waits).then(() => (waits() ? callback() : undefined));
      return () => void (isOver = true);
    },
  };
}

/**
 * SHA-256 on this thread: when another one is done with it depends on the machine, and with it which message comes before which
 * checkpoint. Answers what puts the usual one back.
 */
export function hashInTurn(): () => void {
  const { subtle } = crypto;
  subtle.digest = async (_algorithm, bytes) => {
    const hash = createHash('sha256').update(bytes as Uint8Array);
    return new Uint8Array(hash.digest()).buffer;
  };
  // The usual one is its prototype's.
  return () => void Reflect.deleteProperty(subtle, 'digest');
}
