import { TandemError } from '../../errors.js';

/** What the native ONNX Runtime reads, once, when it loads. */
const SWITCH = 'ORT_DISABLE_TELEMETRY';

/** In a variable, so that a bundler for browsers does not follow it. */
const THREADS_MODULE = 'node:worker_threads';

/**
 * The native ONNX Runtime writes an id of the device and a queue of events into the home folder, and asks for its maker's host. Turns that
 * off before it loads, unless whoever runs the process has decided otherwise. Throws MISSING in a thread that cannot: what it sets in its
 * environment does not reach native code.
 */
export async function turnTelemetryOff(): Promise<void> {
  const { env } = (globalThis as unknown as { process: { env: Record<string, string | undefined> } }).process;
  if (env[SWITCH] !== undefined) return;
  const { isMainThread } = (await import(THREADS_MODULE)) as typeof import('node:worker_threads');
  if (isMainThread) {
    env[SWITCH] = '1';
    return;
  }
  throw new TandemError(
    'MISSING',
    `the native ONNX Runtime would ask for its maker's host: ${SWITCH} is not set, and this thread cannot set it`,
    `start the process with ${SWITCH}=1`,
  );
}
