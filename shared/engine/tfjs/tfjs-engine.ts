import type { Engine } from '../engine.js';
import { useBestBackend, type BackendOptions } from './backend.js';
import { TfjsSegment } from './tfjs-segment.js';

/** Segments on tfjs kernels: the same model definition in Node and in a browser. */
export async function createTfjsEngine(options: BackendOptions = {}): Promise<Engine> {
  const { name: backend, notice } = await useBestBackend(options);
  return {
    name: 'tfjs',
    label: `tfjs (${backend})`,
    notice,
    segment: (options) => TfjsSegment.create(options),
  };
}
