import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it. One step at a time: Node's `recursive` goes round without end where a folder is there in which
 * none can be made, such as /proc.
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  const missing: string[] = [];
  for (let path = resolve(folder); !(await isFolder(path)); path = dirname(path)) missing.unshift(path);
  for (const path of missing) await mkdir(path, mode).catch(unlessFolder(path));
}

/** Throws what the system says, but that there is nothing. */
async function isFolder(path: string): Promise<boolean> {
  try {
    // Of a file the system itself says what is wrong, as soon as a folder is made in its place.
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}

/** Another process may have been faster. */
function unlessFolder(path: string): (error: unknown) => Promise<void> {
  return async (error) => {
    // What is no folder, or cannot be looked at, leaves the error as it was.
    if (
      !(await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      ))
    )
      throw error;
  };
}
