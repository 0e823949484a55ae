import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileTrouble } from '../../storage/file-trouble.js';
import { FileStore } from '../../storage/file-store.js';
import { makeFolder } from '../../storage/make-folder.js';
import { tryFolder } from '../../storage/try-folder.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'tandem-places-'));

describe('a place to write', () => {
  it('is made with all folders above it, and nothing is left in it', async () => {
    const place = join(await newFolder(), 'a', 'b', 'c');
    await tryFolder({ path: place });
    await tryFolder({ path: place });
    expect(await readdir(place)).toEqual([]);
  });

  it('is made by two at once', async () => {
    const place = join(await newFolder(), 'a', 'b');
    await Promise.all([makeFolder(place), makeFolder(place), makeFolder(join(place, 'c'))]);
    expect(existsSync(join(place, 'c'))).toBe(true);
  });

  it.each<[string, (root: string) => Promise<string>, RegExp]>([
    ['below a file', async (root) => join(await file(root), 'deep', 'er'), /a part of the path is a file.*\(ENOTDIR\)/],
    ['that is a file', file, /there is something else already \(EEXIST\)/],
    ['with too long a name', async (root) => join(root, 'n'.repeat(300)), /the name is too long \(ENAMETOOLONG\)/],
    ['behind links in a circle', circle, /its links lead in a circle \(ELOOP\)/],
    ...(existsSync('/proc/self')
      ? [['in which no folder can be made', async () => '/proc/nope/deep', /cannot be made \(ENOENT\)/] as const]
      : []),
  ] as [string, (root: string) => Promise<string>, RegExp][])(
    '%s is refused with the path, the cause and what to do',
    async (_what, placeIn, why) => {
      const path = await placeIn(await newFolder());
      const error = await tryFolder({ path, flag: '--save' }).catch((refusal: unknown) => refusal);
      expect(error).toMatchObject({
        code: 'CANNOT_WRITE',
        action: expect.stringMatching(/or give another --save$/) as string,
      });
      expect((error as Error).message).toContain(`cannot write ${path}: `);
      expect((error as Error).message).toMatch(why);
    },
  );

  it('is refused to a state folder, too', async () => {
    await expect(FileStore.open(await file(await newFolder()))).rejects.toMatchObject({ code: 'CANNOT_WRITE' });
  });
});

describe('an error of the file system', () => {
  it.each(['ENOSPC', 'EROFS', 'EMFILE', 'EDQUOT', 'EIO', 'EUNHEARDOF'])('%s names what it is about', (code) => {
    const error = Object.assign(new Error(`${code}: in the words of Node`), { code, syscall: 'write' });
    expect(fileTrouble(error, 'write', { path: 'st/x' })).toMatchObject({
      code: 'CANNOT_WRITE',
      message: expect.stringContaining(`cannot write st/x: `) as string,
    });
    expect(fileTrouble(error, 'read', { path: 'st/x' })).toMatchObject({
      code: 'CANNOT_READ',
      message: expect.stringMatching(new RegExp(`^cannot read st/x: .*${code}`)) as string,
    });
  });

  it('is no other error', () => {
    const other = new TypeError('of the program');
    expect(fileTrouble(other, 'write', { path: 'x' })).toBe(other);
  });
});

describe('a checkpoint that cannot be read for now', () => {
  it('is not taken for a damaged one', async () => {
    const folder = await newFolder();
    const store = await FileStore.open(folder);
    await store.save('server', new Uint8Array([1, 2, 3]));
    await store.close();
    // As where this process has too many files open, or no right to read.
    await rm(join(folder, 'server.1.tndc'));
    await mkdir(join(folder, 'server.1.tndc'));
    const again = await FileStore.open(folder);
    await expect(again.load('server', async (bytes) => bytes)).rejects.toMatchObject({ code: 'CANNOT_READ' });
    expect(await readdir(folder)).not.toContain('server.1.tndc.damaged');
    await again.close();
  });
});

async function file(root: string): Promise<string> {
  const path = join(root, 'taken');
  await writeFile(path, 'a file');
  return path;
}

async function circle(root: string): Promise<string> {
  await symlink(join(root, 'b'), join(root, 'a'));
  await symlink(join(root, 'a'), join(root, 'b'));
  return join(root, 'a', 'deep');
}
