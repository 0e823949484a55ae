import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { cacheFolder } from '../storage/cache-folder.js';

/** What `files.json` says of each file of a platform. */
export type NativeFiles = Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;

export const BINDING = 'onnxruntime_binding.node';
export const FILE_LIST = 'files.json';

/**
 * The native ONNX Runtime for this platform. The package holds it compressed, and it is unpacked once into the folder for caches of whoever
 * runs this; a checkout has the npm package instead. Throws what says why there is none.
 */
export function loadBinding(beside: string): unknown {
  const load = createRequire(join(beside, 'onnxruntime-native.cjs'));
  const platform = `${process.platform}-${process.arch}`;
  const packed = join(beside, 'native', platform);
  if (existsSync(packed)) return load(join(unpacked(packed, platform), BINDING));
  if (existsSync(join(beside, 'native'))) throw new Error(`there is no native build for ${platform}`);
  return load(`onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/${BINDING}`);
}

/** The folder where the files are, whole. */
export function unpacked(packed: string, platform: string): string {
  const list = readFileSync(join(packed, FILE_LIST));
  const files = JSON.parse(list.toString()) as NativeFiles;
  const name = `onnxruntime-${platform}-${createHash('sha256').update(list).digest('hex').slice(0, 12)}`;
  const folder = join(cacheFolder(), name);
  if (isWhole(folder, files)) return folder;
  const made = emptyFolder(cacheFolder());
  try {
    fill(made.folder, packed, files);
  } catch (error) {
    rmSync(made.folder, { recursive: true, force: true });
    throw error;
  }
  return made.isKept ? moved(made.folder, folder, files) : made.folder;
}

function fill(folder: string, packed: string, files: NativeFiles): void {
  for (const [file, { sha256 }] of Object.entries(files)) {
    const content = brotliDecompressSync(readFileSync(join(packed, `${file}.br`)));
    if (createHash('sha256').update(content).digest('hex') !== sha256) {
      throw new Error(`${join(packed, file)} is damaged: install tandem again`);
    }
    writeFileSync(join(folder, file), content, { mode: 0o755 });
  }
}

/** Answers where the files are then. */
function moved(from: string, to: string, files: NativeFiles): string {
  try {
    // What a crash left there would be in the way.
    if (!isWhole(to, files)) rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  } catch {
    // Another process was faster, or uses what is damaged there.
    if (!isWhole(to, files)) return from;
    rmSync(from, { recursive: true, force: true });
  }
  return to;
}

function isWhole(folder: string, files: NativeFiles): boolean {
  try {
    return Object.entries(files).every(([file, { bytes }]) => statSync(join(folder, file)).size === bytes);
  } catch {
    // A file is missing, or the folder.
    return false;
  }
}

/** Where nothing can be kept, a folder for this process alone, which takes it along. */
function emptyFolder(cache: string): { readonly folder: string; readonly isKept: boolean } {
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    return { folder: mkdtempSync(join(cache, 'unpacking-')), isKept: true };
  } catch {
    // It is unpacked again at each start.
    const folder = mkdtempSync(join(tmpdir(), 'tandem-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    return { folder, isKept: false };
  }
}
