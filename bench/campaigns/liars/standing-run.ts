import { writeSync } from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

/** Seconds of one run after which it will not come back: most take less than one. */
const LIMIT_SECONDS = 180;

interface Watched {
  seed: string;
  number: Int32Array;
}

/**
 * Kills this process with the seed on its standard error once a run has not come back for three minutes: a loop without end leaves nobody else to say which one it was.
 * Answers a function that is called before each run with its number.
 */
export function watchRuns(seed: string): (number: number) => void {
  const watched: Watched = { seed, number: new Int32Array(new SharedArrayBuffer(4)) };
  new Worker(new URL(import.meta.url), { workerData: watched }).unref();
  return (number) => Atomics.store(watched.number, 0, number);
}

/** The watching thread: its own clock goes on while the other one stands. */
function watch({ seed, number }: Watched): void {
  let [seen, seconds] = [-1, 0];
  setInterval(() => {
    const now = Atomics.load(number, 0);
    seconds = now === seen ? seconds + 1 : 0;
    seen = now;
    if (seconds < LIMIT_SECONDS) return;
    writeSync(2, `seed ${seed}-${String(now)}: has not come back for ${String(LIMIT_SECONDS)} s\n`);
    process.kill(process.pid, 'SIGKILL');
  }, 1000);
}

if (!isMainThread) watch(workerData as Watched);
