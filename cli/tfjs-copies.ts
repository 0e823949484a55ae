import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { TfjsCopies } from '../shared/model/take-model.js';

/** The folders of tfjs that a module and Tandem find, where they are not the same; with two, what the one has made is a stranger to the other. */
export function tfjsCopies(module: string): TfjsCopies | undefined {
  const [there, here] = [folderFor(module), folderFor(import.meta.url)];
  return there === undefined || here === undefined || there === here ? undefined : { here, there };
}

function folderFor(module: string): string | undefined {
  try {
    return dirname(createRequire(module).resolve('@tensorflow/tfjs/package.json'));
  } catch {
    // A file that finds none has made nothing with it.
    return undefined;
  }
}
