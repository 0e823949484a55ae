import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BINDING, FILE_LIST, loadBinding, unpacked } from '../../packing/native-binding.js';

const contents = { [BINDING]: 'the binding', 'libonnxruntime.so.1': 'a library, '.repeat(50) };
let home: string;
let packed: string;
let cache: string;

/** A packed platform whose files are texts. */
function pack(files: Readonly<Record<string, string>>, said = files): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(packed, `${name}.br`), brotliCompressSync(text));
  const list = Object.entries(said).map(([name, text]) => [
    name,
    { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') },
  ]);
  writeFileSync(join(packed, FILE_LIST), JSON.stringify(Object.fromEntries(list)));
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tandem-native-'));
  packed = join(home, 'native/linux-x64');
  cache = join(home, 'cache');
  mkdirSync(packed, { recursive: true });
  vi.stubEnv('TANDEM_CACHE', cache);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

describe('the native libraries of the package', () => {
  it('are unpacked once, for every process after it', () => {
    pack(contents);
    const folder = unpacked(packed, 'linux-x64');
    expect(dirname(folder)).toBe(cache);
    for (const [name, text] of Object.entries(contents)) expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
    rmSync(join(packed, `${BINDING}.br`));
    expect(unpacked(packed, 'linux-x64')).toBe(folder);
    expect(readdirSync(cache)).toEqual([basename(folder)]);
  });

  it('of another version have a folder of their own', () => {
    pack(contents);
    const before = unpacked(packed, 'linux-x64');
    pack({ ...contents, [BINDING]: 'a newer binding' });
    expect(unpacked(packed, 'linux-x64')).not.toBe(before);
    expect(readdirSync(cache)).toHaveLength(2);
  });

  it('are unpacked again where a process died in the middle, or a file is cut short', () => {
    pack(contents);
    const folder = unpacked(packed, 'linux-x64');
    writeFileSync(join(folder, BINDING), 'the bin');
    expect(unpacked(packed, 'linux-x64')).toBe(folder);
    expect(readFileSync(join(folder, BINDING), 'utf8')).toBe('the binding');
  });

  it('are refused where they are not what was packed', () => {
    pack({ ...contents, 'libonnxruntime.so.1': 'something else' }, contents);
    expect(() => unpacked(packed, 'linux-x64')).toThrow(/libonnxruntime\.so\.1 is damaged: install tandem again/);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('go to a folder of this process alone where nothing can be kept', () => {
    pack(contents);
    writeFileSync(cache, 'a file in the way');
    const folder = unpacked(packed, 'linux-x64');
    expect(dirname(folder)).toBe(tmpdir());
    expect(readFileSync(join(folder, BINDING), 'utf8')).toBe('the binding');
    rmSync(folder, { recursive: true });
  });

  it('are missed by the name of the platform', () => {
    const named = `there is no native build for ${process.platform}-${process.arch}`;
    rmSync(packed, { recursive: true });
    expect(() => loadBinding(home)).toThrow(named);
  });
});
