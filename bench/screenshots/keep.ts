import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';

/** A page that shows pictures has to load them. */
const MAX_BYTES = 150_000;

/** Pages are flat areas and letters, which pack best as they are, without colours of an alpha channel. */
const PACKED = { colorType: 2, filterType: 0, deflateLevel: 9, deflateStrategy: 0 } as const;

/** Writes a picture, as small as it gets without losing anything. Throws when it is too large for a page all the same. */
export async function keep(folder: string, name: string, picture: Buffer): Promise<void> {
  const packed = PNG.sync.write(PNG.sync.read(picture), PACKED);
  const smaller = packed.length < picture.length ? packed : picture;
  await writeFile(join(folder, `${name}.png`), smaller);
  console.log(`${name}.png: ${Math.round(smaller.length / 1000)} kB`);
  if (smaller.length > MAX_BYTES) throw new Error(`${name}.png has ${smaller.length} bytes, more than ${MAX_BYTES}`);
}
