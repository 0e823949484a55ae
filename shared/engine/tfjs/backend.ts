import * as tf from '@tensorflow/tfjs';
import { registerMissingKernels } from './kernels/register.js';

/** The native backend is optional: its download can fail where the rest of an install works. */
const NATIVE_PACKAGE = '@tensorflow/tfjs-node';
const WASM_PACKAGE = '@tensorflow/tfjs-backend-wasm';

let chosen: Promise<string> | undefined;

/**
 * Picks the fastest tfjs backend that works here and answers its name; later calls answer the same. In Node: native if
 * installed, else wasm. In a browser, where the page has loaded no other: wasm. A backend the caller set is kept.
 */
export function useBestBackend(): Promise<string> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<string> {
  if (isNode() && (await tryNative())) return tf.getBackend();
  await import(WASM_PACKAGE);
  if (await tf.setBackend('wasm').catch(() => false)) {
    registerMissingKernels();
    if (await works()) return tf.getBackend();
  }
  await tf.setBackend('cpu');
  return tf.getBackend();
}

async function tryNative(): Promise<boolean> {
  try {
    await import(NATIVE_PACKAGE);
    return tf.getBackend() === 'tensorflow' && (await works());
  } catch {
    return false;
  }
}

/** A backend that loads can still fail at its first op, for instance on a processor without the instructions. */
async function works(): Promise<boolean> {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[2, 3]]), tf.tensor2d([[5], [7]])));
  const [value] = await product.data();
  product.dispose();
  return value === 31;
}

function isNode(): boolean {
  const host = globalThis as { process?: { versions?: { node?: string } } };
  return host.process?.versions?.node !== undefined;
}
