import { realClock, type Clock } from '../../../shared/clock.js';

/** How often the time is looked at, and how much later than that means that nothing ran in between. */
const EVERY_SECONDS = 5;
const ASLEEP_SECONDS = 20;

/** Notices that this thread was asleep, with its machine or by its browser's will: calls back with the seconds. Returns how to stop. */
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
