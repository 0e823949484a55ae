import type { Clock } from '../../../shared/clock.js';
import { awaitedCrypto } from './awaited-crypto.js';

/** What a frame that goes over a link takes of the world's time. */
const FRAME_SECONDS = 0.001;
/** After so many turns of the event loop without a frame, or an answer of another thread to come, everybody waits. */
const QUIET_TURNS = 24;

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * The time of a world in one process: it goes on with each frame, and when everybody waits, at once to the next alarm. A run of minutes takes no more than
 * is computed, and comes out the same on a machine that has other work.
 */
export class WorldClock implements Clock {
  seconds = 0;
  private alarms: Alarm[] = [];
  private frames = 0;
  private longestMs = 0;
  private stopped = false;

  /** Calls back at the next turn of the loop, so that nothing happens in the middle of something else. */
  after(seconds: number, callback: () => void): () => void {
    const alarm = { at: this.seconds + seconds, callback };
    this.alarms.push(alarm);
    return () => void (this.alarms = this.alarms.filter((other) => other !== alarm));
  }

  pause(seconds: number): Promise<void> {
    return new Promise((resolve) => this.after(seconds, resolve));
  }

  /** A frame was sent. */
  tick(): void {
    this.frames++;
    this.seconds += FRAME_SECONDS;
  }

  /** Lets time go on until `stop`. Answers the longest time that was computed for while the loop did not turn, however much else the machine does. */
  async run(): Promise<number> {
    let [quiet, seen, lastMs] = [0, this.frames, computedMs()];
    while (!this.stopped) {
      await new Promise((resolve) => setImmediate(resolve));
      const nowMs = computedMs();
      this.longestMs = Math.max(this.longestMs, nowMs - lastMs);
      lastMs = nowMs;
      quiet = this.frames === seen && awaitedCrypto() === 0 ? quiet + 1 : 0;
      seen = this.frames;
      this.ring(quiet >= QUIET_TURNS);
      if (quiet >= QUIET_TURNS) quiet = 0;
    }
    return this.longestMs;
  }

  stop(): void {
    this.stopped = true;
  }

  private ring(mayJump: boolean): void {
    const [next] = this.alarms.toSorted((a, b) => a.at - b.at);
    if (!next || (next.at > this.seconds && !mayJump)) return;
    this.seconds = Math.max(this.seconds, next.at);
    this.alarms = this.alarms.filter((other) => other !== next);
    next.callback();
  }
}

function computedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
