import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { join as joinRun } from '../../client/node/join.js';
import { serve } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { CHECKPOINT_VERSION, decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import { FileStore } from '../../storage/file-store.js';
import { readFolder } from '../../storage/read-folder.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** A state folder whose newest checkpoint is of this format, the one before of today's. */
async function folderOf(name: string, format: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-format-'));
  const store = await FileStore.open(folder);
  await store.save(name, await encodeCheckpoint({ step: 3 }));
  await store.save(name, other(await encodeCheckpoint({ step: 7 }), format));
  await store.close();
  return folder;
}

function other(bytes: Uint8Array, format: number): Uint8Array {
  bytes[4] = format;
  return bytes;
}

describe('a state folder of another format', () => {
  it.each([
    [1, 'server'],
    [CHECKPOINT_VERSION + 3, 'server'],
  ])('%i is refused by a server, which names folder, file and both formats', async (format, name) => {
    const folder = await folderOf(name, format);
    const before = (await readdir(folder)).sort();
    const failure = serve({ task: tinyTask, state: folder, loadedEngine: await chooseEngine('tfjs') });
    const place = join(folder, 'server.2.tndc');
    await expect(failure).rejects.toThrow(
      `${place} is a checkpoint of format ${format}, and this Tandem reads format ${CHECKPOINT_VERSION}`,
    );
    await expect(failure).rejects.toMatchObject({
      code: 'BAD_VERSION',
      action: expect.stringContaining('--state') as string,
    });
    expect((await readdir(folder)).filter((file) => file !== 'lock').sort()).toEqual(before);
  });

  it.each([1, 253])('%i is refused by a client', async (format) => {
    const folder = await folderOf('client', format);
    const loadedEngine = await chooseEngine('tfjs');
    const server = await serve({ task: tinyTask, loadedEngine });
    try {
      const { finished } = joinRun(server.url, { data: tinyData(7), state: folder, loadedEngine });
      await expect(finished).rejects.toThrow(`client.2.tndc is a checkpoint of format ${format}`);
    } finally {
      await server.close();
    }
  });

  it('is read from the copy where only a bit of the version has flipped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-format-'));
    const store = await FileStore.open(folder);
    await store.save('server', await encodeCheckpoint({ step: 11 }));
    const path = join(folder, 'server.1.tndc');
    await writeFile(path, other(await readFile(path), CHECKPOINT_VERSION ^ 64));
    expect(await store.load('server', decodeCheckpoint)).toEqual({ step: 11 });
    await store.close();
  });

  it('is told apart from a damaged one by inspect', async () => {
    const files = await readFolder(await folderOf('server', 1));
    expect(files.map(({ generation, trouble }) => [generation, trouble?.code ?? null])).toEqual([
      [2, 'BAD_VERSION'],
      [2, 'BAD_VERSION'],
      [1, null],
      [1, null],
    ]);
  });
});
