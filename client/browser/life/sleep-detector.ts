import { realClock, type Clock } from '../../../shared/clock.js';

/** How often the clock is read, and how much later than expected means that this thread was asleep. */
const EVERY_SECONDS = 5;
const ASLEEP_SECONDS = 20;

/** Calls back after this thread was asleep, with its machine or frozen by the browser, with the seconds. Returns how to stop. */
export function detectSleep(
  onWake: (seconds: number) => void,
  clock: Clock = realClock,
  nowMs: () => number = Date.now,
): () => void {
  let cancel: () => void;
  const wait = () => {
    const fromMs = nowMs();
    cancel = clock.after(EVERY_SECONDS, () => {
      const late = (nowMs() - fromMs) / 1000 - EVERY_SECONDS;
      wait();
      if (late >= ASLEEP_SECONDS) onWake(late);
    });
  };
  wait();
  return () => cancel();
}
