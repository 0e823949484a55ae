import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withFile, type FilePlace } from './file-trouble.js';
import { makeFolder } from './make-folder.js';

/** Writes files into a folder, one after the other, and makes the folder if need be. Throws CANNOT_WRITE. */
export function writeIntoFolder(
  place: FilePlace,
  files: readonly (readonly [name: string, contents: Uint8Array | string])[],
): Promise<void> {
  return withFile('write', place, async () => {
    await makeFolder(place.path);
    for (const [name, contents] of files) await writeFile(join(place.path, name), contents);
  });
}
