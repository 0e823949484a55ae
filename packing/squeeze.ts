import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

export type Squeeze = 'br' | 'gz';

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);

/** Compresses, once for each content: what was made before is kept in `node_modules/.cache`, since the best takes a minute. */
export async function squeeze(root: string, content: Uint8Array, as: Squeeze, quality: number): Promise<Uint8Array> {
  const folder = join(root, 'node_modules/.cache/tandem');
  const hash = createHash('sha256').update(content).digest('hex');
  const kept = join(folder, `${hash.slice(0, 32)}-${quality}.${as}`);
  // It was not made before.
  const before = await readFile(kept).catch(() => undefined);
  if (before) return before;
  const made = await (as === 'gz'
    ? toGzip(content, { level: quality })
    : toBrotli(content, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: quality,
          [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
          [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        },
      }));
  await mkdir(folder, { recursive: true });
  await writeFile(`${kept}.part`, made);
  await rename(`${kept}.part`, kept);
  return made;
}
