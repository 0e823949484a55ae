import { createHash } from 'node:crypto';
import { realClock, type Clock } from '../../shared/clock.js';

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
