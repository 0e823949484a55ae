import { mkdtemp, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import { MemoryStore } from '../../shared/checkpoint/memory-store.js';
import { FileStore } from '../../storage/file-store.js';
import { storeConformance } from './store-conformance.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'tandem-store-'));

storeConformance('in memory', async () => {
  const store = new MemoryStore();
  return { store, reopen: async () => store };
});

storeConformance('files', async () => {
  const folder = await newFolder();
  return { store: await FileStore.open(folder), reopen: () => FileStore.open(folder) };
});

describe('checkpoints in files', () => {
  async function withThree() {
    const folder = await newFolder();
    const store = await FileStore.open(folder);
    for (const step of [3, 5, 7]) await store.save('server', await encodeCheckpoint({ step }));
    return { folder, store };
  }

  const newest = ['server.3.tndc', 'server.3.copy.tndc'];

  it('keep two generations, each twice, and nothing half written', async () => {
    const { folder, store } = await withThree();
    const files = ['lock', 'server.2.copy.tndc', 'server.2.tndc', 'server.3.copy.tndc', 'server.3.tndc'];
    expect((await readdir(folder)).sort()).toEqual(files);
    await store.close();
    expect(await readdir(folder)).not.toContain('lock');
  });

  it.each([0, 1, 47, 55])('one cut off after %i bytes is left aside for its copy', async (length) => {
    const { folder, store } = await withThree();
    await truncate(join(folder, 'server.3.tndc'), length);
    expect(await store.load('server', decodeCheckpoint)).toEqual({ step: 7 });
    expect(await readdir(folder)).toContain('server.3.tndc.damaged');
    // Also after another crash, when only the copy is left.
    expect(await store.load('server', decodeCheckpoint)).toEqual({ step: 7 });
    await store.close();
  });

  it('one with a flipped bit, in its copy too, is left aside for the one before, and pushes nothing out', async () => {
    const { folder, store } = await withThree();
    for (const path of newest.map((file) => join(folder, file))) {
      const bytes = await readFile(path);
      bytes[51] = (bytes[51] ?? 0) ^ 4;
      await writeFile(path, bytes);
    }
    expect(await store.load('server', decodeCheckpoint)).toEqual({ step: 5 });
    await store.save('server', await encodeCheckpoint({ step: 11 }));
    await Promise.all(newest.map((file) => truncate(join(folder, file), 0)));
    expect(await store.load('server', decodeCheckpoint)).toEqual({ step: 5 });
    await store.close();
  });

  it('what a crash left half written is not taken for one', async () => {
    const { folder, store } = await withThree();
    await writeFile(join(folder, 'server.tmp'), 'half');
    expect(await store.load('server', decodeCheckpoint)).toEqual({ step: 7 });
    await store.close();
  });

  it('belong to one user at a time', async () => {
    const { folder, store } = await withThree();
    await expect(FileStore.open(folder)).rejects.toMatchObject({ code: 'BAD_OPTION' });
    await store.close();
    await (await FileStore.open(folder)).close();
  });
});
