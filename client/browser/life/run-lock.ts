import { Deferred } from '../../../shared/deferred.js';
import { asTandemError, TandemError } from '../../../shared/errors.js';

/** `try` takes it if nobody has it, `wait` when nobody has it any more, `take-over` from whoever has it. */
export type LockWish = 'try' | 'wait' | 'take-over';

export interface HeldLock {
  /** Aborted when another tab has taken over. */
  readonly lost: AbortSignal;
  release(): void;
}

/**
 * A lock that one tab or worker of this origin has at a time, until it releases it or is closed; undefined when `try` finds it taken.
 * Who holds one is left running in the background: Chromium does not freeze it to save energy. Throws CANCELLED when the wait
 * is given up.
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
