import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './make-folder.js';
import { withFile, type FilePlace } from './file-trouble.js';

/** As much as a small file: an empty one can be made where not a byte can be written. */
const TRIAL = new Uint8Array(4096);

/** Makes a folder if need be, and writes into it for a try. Throws CANNOT_WRITE. */
export function tryFolder({ path, flag }: FilePlace): Promise<void> {
  return withFile('write', { path, flag }, async () => {
    await makeFolder(path);
    await tryIn(path);
  });
}

async function tryIn(folder: string): Promise<void> {
  const trial = join(folder, `.tandem-${randomUUID()}`);
  const file = await open(trial, 'wx');
  try {
    await file.writeFile(TRIAL);
    await file.sync();
  } finally {
    await file.close();
    await unlink(trial);
  }
}
