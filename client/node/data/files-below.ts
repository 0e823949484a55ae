import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemFile } from '../../../shared/data/class-files.js';
import { withFile } from '../../../storage/file-trouble.js';

export interface Below {
  readonly files: string[];
  readonly folders: string[];
}

/** All files and folders below one, by their paths; links are followed, but not in a circle. Of hidden folders only the name. */
export async function filesBelow(folder: string, prefix = '', above: readonly string[] = []): Promise<Below> {
  const place = { path: join(folder, prefix), flag: '--data' };
  const here = await withFile('read', place, () => realpath(place.path));
  const found: Below = { files: [], folders: [] };
  if (above.includes(here)) return found;
  for (const name of (await withFile('read', place, () => readdir(place.path))).sort()) {
    const path = prefix + name;
    if (isSystemFile(name)) found.files.push(path);
    else if (
      await withFile('read', { path: join(folder, path) }, async () => (await stat(join(folder, path))).isDirectory())
    ) {
      const below = await filesBelow(folder, `${path}/`, [...above, here]);
      found.folders.push(path);
      for (const each of below.folders) found.folders.push(each);
      for (const file of below.files) found.files.push(file);
    } else found.files.push(path);
  }
  return found;
}
