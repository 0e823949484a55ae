import { TandemError } from '../../errors.js';
import { nodeModule } from '../../node-module.js';

/** What the native ONNX Runtime reads, once, when it loads. */
const SWITCH = 'ORT_DISABLE_TELEMETRY';

/**
 * The native ONNX Runtime writes an id of the device and a queue of events into the home folder, and asks for its maker's host. Turns that
 * off before it loads, unless whoever runs the process has decided otherwise. Throws MISSING in a thread that cannot: what it sets in its
 * environment does not reach native code.
 */
export function turnTelemetryOff(): void {
  const { env } = (globalThis as unknown as { process: { env: Record<string, string | undefined> } }).process;
  if (env[SWITCH] !== undefined) return;
  if (nodeModule('node:worker_threads').isMainThread) {
    env[SWITCH] = '1';
    return;
  }
  throw new TandemError(
    'MISSING',
    `the native ONNX Runtime would ask for its maker's host: ${SWITCH} is not set, and this thread cannot set it`,
    `start the process with ${SWITCH}=1`,
  );
}
