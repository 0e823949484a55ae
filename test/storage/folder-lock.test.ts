import { spawn, type ChildProcess } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FileStore } from '../../storage/file-store.js';
import { lockFolder } from '../../storage/folder-lock.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'tandem-lock-'));

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** Another process that has the folder, as one of Tandem has: it listens there. */
async function owner(folder: string): Promise<ChildProcess> {
  const code =
    "require('net').createServer((s) => s.end('process 7 on a.test')).listen('lock', () => console.log('has it'))";
  const child = spawn(process.execPath, ['-e', code], { cwd: folder });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

function gone(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('exit', resolve));
}

describe.skipIf(process.platform === 'win32')('the lock of a state folder', () => {
  it('keeps another process out, in its own words', async () => {
    const folder = await newFolder();
    const child = await owner(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: `process 7 on a.test uses the state folder ${folder}`,
    });
    // It has no time to answer, and has not gone.
    child.kill('SIGSTOP');
    await expect(lockFolder(folder)).rejects.toThrow('another process uses the state folder');
  });

  it("is nobody's once its process was killed", async () => {
    const folder = await newFolder();
    const child = await owner(folder);
    child.kill('SIGKILL');
    await gone(child);
    expect(await readdir(folder)).toEqual(['lock']);
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid} on `);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([['of a living process'], ['of none']])("by a number %s, of an older Tandem, is nobody's", async (which) => {
    const folder = await newFolder();
    await writeFile(join(folder, 'lock'), which === 'of none' ? '4194999\n' : `${process.ppid}\n`);
    await (await lockFolder(folder)).release();
  });

  it('is one where many want it at once, what is left of the last one lying there', async () => {
    for (const left of [false, true]) {
      const folder = await newFolder();
      if (left) await writeFile(join(folder, 'lock'), '17\n');
      const claims = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(folder)));
      const locks = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
      // Where two came by one moment, who writes sees it.
      const good = await Promise.allSettled(locks.map((lock) => lock.check()));
      expect(good.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const lock of locks) await lock.release();
    }
  });

  it('is its first owner’s where somebody clears up, and puts it back over the file of another one', async () => {
    for (let time = 0; time < 3; time++) {
      const folder = await newFolder();
      const [file, away] = [join(folder, 'lock'), join(folder, 'lock.away')];
      const first = await lockFolder(folder);
      renameSync(file, away);
      const second = lockFolder(folder);
      second.catch(() => undefined);
      while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
      renameSync(away, file);
      // It hears at once that it has none, or when it would write.
      await expect(second.then((lock) => lock.check())).rejects.toMatchObject({
        code: expect.stringMatching(/^(BAD_OPTION|TAKEN_OVER)$/) as string,
      });
      await first.check();
      await first.release();
    }
  });

  it('can be had in a folder with a long name', async () => {
    const folder = join(await newFolder(), 'n'.repeat(90), 'm'.repeat(90));
    await mkdir(join(folder, '..'));
    const store = await FileStore.open(folder);
    await expect(FileStore.open(folder)).rejects.toMatchObject({ code: 'BAD_OPTION' });
    await store.save('server', new Uint8Array([3]));
    await store.close();
    await (await FileStore.open(folder)).close();
  });

  it('that another process has taken all the same keeps who had it from writing', async () => {
    const folder = await newFolder();
    const store = await FileStore.open(folder);
    await store.save('server', new Uint8Array([3]));
    await rm(join(folder, 'lock'));
    await copyFile(join(folder, 'server.1.tndc'), join(folder, 'lock'));
    await expect(store.save('server', new Uint8Array([5]))).rejects.toMatchObject({ code: 'TAKEN_OVER' });
  });
});
