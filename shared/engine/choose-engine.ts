import { TandemError } from '../errors.js';
import type { Engine } from './engine.js';

export const engineNames = ['auto', 'tfjs'] as const;
export type EngineName = (typeof engineNames)[number];

/** Loads an engine; `auto` takes the fastest there is. Engines are loaded lazily: a page pays for the one it uses. */
export async function chooseEngine(name = 'auto'): Promise<Engine> {
  if (name === 'auto' || name === 'tfjs') {
    const { createTfjsEngine } = await import('./tfjs/tfjs-engine.js');
    return createTfjsEngine();
  }
  throw new TandemError('BAD_OPTION', `unknown engine '${name}'`, `use one of: ${engineNames.join(', ')}`);
}
