import { setFlagsFromString } from 'node:v8';

/** How many per cent V8's heap may grow before all of it is collected. */
const GROWTH = 200;

/**
 * Lets V8's heap grow to three times what is in use before all of it is collected. V8 counts the buffers of messages as part of a heap that is itself
 * small, which leaves them a few megabytes, so that it collected everything each 20 steps. Not where Node was given the flag. It is the process's, so
 * commands call this, and the library does not (decision 0067).
 */
export function letHeapGrow(): void {
  if (process.execArgv.some((flag) => /^--heap[-_]growing[-_]percent/.test(flag))) return;
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}
