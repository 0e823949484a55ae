import { TandemError } from './errors.js';
import type { RefusalCode } from './refusals.js';

/** After how many seconds a person is told what is waited for, again and again, and after how many it is given up. */
const TELL_SECONDS = 10;
const MOST_SECONDS = 120;

/** What to say of a promise that is never kept. */
export interface Broken {
  readonly code: RefusalCode;
  readonly action: string;
}

/**
 * Waits for what a user's code has promised. `what` names it, such as `model of task 'churn'`. Says every 10 s that it is waited for; throws
 * after two minutes, and at once where nothing is left in the process that could keep the promise.
 */
export async function promised<T>(what: string, promise: PromiseLike<T>, { code, action }: Broken): Promise<T> {
  let stop = () => undefined as void;
  const broken = new Promise<never>((_, reject) => {
    const give = (why: string) => reject(new TandemError(code, `${what} ${why}`, action));
    const since = Date.now();
    const timer = setInterval(() => {
      const seconds = Math.round((Date.now() - since) / 1000);
      if (seconds >= MOST_SECONDS) give(`is not there after ${seconds} s`);
      else console.warn(`tandem: still waiting for ${what}, ${seconds} s so far`);
    }, 1000 * TELL_SECONDS);
    // A promise that nothing can keep must not be what keeps the process.
    (timer as { unref?(): void }).unref?.();
    const forget = atTheEnd(() => give('is a promise that nothing keeps: all else has ended'));
    stop = () => {
      clearInterval(timer);
      forget();
    };
  });
  try {
    return await Promise.race([promise, broken]);
  } finally {
    stop();
  }
}

/** Of any kind: what may be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

const waiting = new Set<() => void>();
let listens = false;

/** Calls back when Node has nothing left to do, and would leave without a word; not in browsers. Returns how to call it off. */
function atTheEnd(callback: () => void): () => void {
  const { process } = globalThis as { process?: { on?(event: 'beforeExit', listener: () => void): void } };
  if (!listens) process?.on?.('beforeExit', () => [...waiting].forEach((give) => give()));
  listens = true;
  waiting.add(callback);
  return () => void waiting.delete(callback);
}
