import type { Engine } from '../engine.js';
import { useBestBackend } from './backend.js';
import { TfjsSegment } from './tfjs-segment.js';

/** Segments on tfjs kernels: the same model definition in Node and in a browser. */
export async function createTfjsEngine(): Promise<Engine> {
  const { name: backend, notice } = await useBestBackend();
  return {
    name: 'tfjs',
    label: `tfjs (${backend})`,
    notice,
    segment: (options) => TfjsSegment.create(options),
  };
}
