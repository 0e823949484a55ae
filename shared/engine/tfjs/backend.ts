import * as tf from '#tfjs';
import { isNode } from '../../node-module.js';
import { registerEinsumGradient, registerMissingKernels } from './kernels/register.js';

export interface BackendChoice {
  /** `tensorflow`, `wasm` or `cpu`. */
  readonly name: string;
  /** One line for people when a faster one was tried and is not there. */
  readonly notice: string | undefined;
}

export interface BackendOptions {
  /** Where a page finds the `.wasm` files of tfjs, ending in `/`; by default beside the page's script. */
  readonly wasmFiles?: string | undefined;
}

let chosen: Promise<BackendChoice> | undefined;

/** Picks the fastest tfjs backend that works here, once. In Node: tfjs-node where somebody installed it, else wasm; elsewhere wasm. */
export function useBestBackend(options: BackendOptions = {}): Promise<BackendChoice> {
  chosen ??= choose(options);
  return chosen;
}

async function choose({ wasmFiles }: BackendOptions): Promise<BackendChoice> {
  registerEinsumGradient();
  if (isNode() && (await tryNative())) return { name: tf.getBackend(), notice: undefined };
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (wasmFiles !== undefined) setWasmPaths(wasmFiles);
  // The next backend is tried.
  if (await tf.setBackend('wasm').catch(() => false)) {
    registerMissingKernels();
    if (await works()) return { name: tf.getBackend(), notice: undefined };
  }
  await tf.setBackend('cpu');
  return { name: tf.getBackend(), notice: 'tfjs computes on plain JavaScript, which is slow: wasm does not work here' };
}

async function tryNative(): Promise<boolean> {
  try {
    await import('#tfjs-node');
    return tf.getBackend() === 'tensorflow' && (await works());
  } catch {
    // It is not installed, or not for this machine: the notice says what computes.
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
