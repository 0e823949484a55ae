import { Deferred } from '../../../shared/deferred.js';
import { asTandemError, TandemError } from '../../../shared/errors.js';

/** `try` takes a free lock, `wait` waits until it is free, `take-over` takes it from its holder. */
export type LockWish = 'try' | 'wait' | 'take-over';

export interface HeldLock {
  /** Aborted when another tab has taken over. */
  readonly lost: AbortSignal;
  release(): void;
}

/**
 * Acquires a lock that one tab or worker of this origin holds at a time, until it releases it or is closed; undefined when `try` finds it
 * taken. Chromium does not freeze a background tab that holds one. Throws CANCELLED when the wait is given up.
 */
export function acquireLock(name: string, wish: LockWish, givenUp?: AbortSignal): Promise<HeldLock | undefined> {
  const lost = new AbortController();
  const released = new Deferred<void>();
  const options: LockOptions =
    wish === 'try'
      ? { ifAvailable: true }
      : wish === 'take-over'
        ? { steal: true }
        : givenUp
          ? { signal: givenUp }
          : {};
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, options, (lock) => {
      if (!lock) return resolve(undefined);
      resolve({ lost: lost.signal, release: () => released.resolve() });
      return released.promise;
    });
    held.catch((error: unknown) => {
      lost.abort();
      reject(givenUp?.aborted ? new TandemError('CANCELLED', 'this tab waits no longer') : asTandemError(error));
    });
  });
}

/** Whether a tab or worker of this origin has the lock. */
export async function isLocked(name: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === name);
}
