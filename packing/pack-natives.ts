import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_LIST, type NativeFiles } from './native-binding.js';
import { squeeze } from './squeeze.js';

const BINDINGS = 'node_modules/onnxruntime-node/bin/napi-v6';

/** Five in a hundred larger than the best, in a tenth of the time. */
const QUALITY = 7;

/**
 * What is left out: the libraries of DirectML and of WebGPU under Windows, which are loaded only by who asks for them, and the second name of
 * the library on a Mac.
 */
const LEFT_OUT = /^(DirectML|dxcompiler|dxil)\.dll$|^libonnxruntime\.[\d.]+\.[\d.]+\.dylib$/;

/** Puts the native ONNX Runtime of each platform, compressed, below `native/`; see native-binding.ts. */
export async function packNatives(root: string): Promise<void> {
  const out = join(root, 'dist/vendored/native');
  await rm(out, { recursive: true, force: true });
  const from = join(root, BINDINGS);
  for (const system of await readdir(from)) {
    for (const processor of await readdir(join(from, system))) await packPlatform(root, system, processor, out);
  }
}

/** Puts that of one platform below a folder. */
export async function packPlatform(
  root: string,
  system: string,
  processor: string,
  out: string,
  quality = QUALITY,
): Promise<void> {
  await packFolder(root, join(root, BINDINGS, system, processor), join(out, `${system}-${processor}`), quality);
}

async function packFolder(root: string, from: string, to: string, quality: number): Promise<void> {
  await mkdir(to, { recursive: true });
  const names = (await readdir(from)).filter((name) => !LEFT_OUT.test(name)).sort();
  const listed = await Promise.all(
    names.map(async (name) => {
      const content = await readFile(join(from, name));
      await writeFile(join(to, `${name}.br`), await squeeze(root, content, 'br', quality));
      const sha256 = createHash('sha256').update(content).digest('hex');
      return [name, { bytes: content.length, sha256 }] as const;
    }),
  );
  const files: NativeFiles = Object.fromEntries(listed);
  await writeFile(join(to, FILE_LIST), `${JSON.stringify(files, null, 2)}\n`);
}
