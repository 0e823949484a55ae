import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { InviteBook, keyId } from '../../server/entry/invite-book.js';

const KEY = 'A'.repeat(43);
const terms = { role: 'train', shard: [1, 3], uses: 2, seconds: 600 } as const;
let folder: string;
let now: number;
let book: InviteBook;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-invites-'));
  now = Date.UTC(2021, 5, 7);
  book = await InviteBook.open(folder, () => now);
});

describe('invites', () => {
  it('are good for as many uses as they were made for', async () => {
    const { invite, code } = await book.create(terms);
    const grant = { subject: invite.id, role: 'train', shard: [1, 3] };
    expect([await book.redeem(code), await book.redeem(code)]).toEqual([grant, grant]);
    await expect(book.redeem(code)).rejects.toMatchObject({ code: 'NO_ENTRY', message: /used 2 times/ });
  });

  it('are not used twice by two servers, or by requests at the same moment', async () => {
    const { code } = await book.create(terms);
    const other = await InviteBook.open(folder, () => now);
    const uses = await Promise.allSettled([book, other, book, other, book].map((one) => one.redeem(code)));
    expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });

  it('expire, to the millisecond', async () => {
    const { code } = await book.create(terms);
    now += 600_000 - 1;
    await book.redeem(code);
    now += 1;
    await expect(book.redeem(code)).rejects.toMatchObject({ message: /expired at 2021-06-07T00:10:00/ });
  });

  it('are refused with any other secret, and with ids that are paths', async () => {
    const { code } = await book.create(terms);
    const wrong = [
      `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`,
      code.slice(0, -1),
      code.toUpperCase(),
      `tandem-../keys/x-${'A'.repeat(43)}`,
      '',
    ];
    for (const text of wrong) {
      await expect(book.redeem(text), text).rejects.toMatchObject({ message: 'the invite is not known here' });
    }
  });

  it('leave no secret in the folder', async () => {
    const { code } = await book.create(terms);
    await book.redeem(code);
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
    expect(files.length).toBe(2);
    for (const { parentPath, name } of files) {
      expect(await readFile(join(parentPath, name), 'utf8')).not.toContain(code.slice(-43));
    }
  });

  it('end when they are revoked by another process, with the keys that came of them', async () => {
    const { invite, code } = await book.create(terms);
    const grant = await book.redeem(code);
    const { id } = await book.enrol(KEY, grant, invite.id);
    expect(await book.grantOfKey(KEY)).toEqual({ subject: id, role: 'train', shard: [1, 3] });
    await (await InviteBook.open(folder)).revoke(invite.id);
    await expect(book.redeem(code)).rejects.toMatchObject({ message: 'the invite has been revoked' });
    await expect(book.grantOfKey(KEY)).rejects.toMatchObject({ code: 'NO_ENTRY' });
    expect(await book.isRevoked(id)).toBe(true);
    expect((await book.list()).map(({ revoked }) => revoked)).toEqual([true, true]);
  });

  it('are listed with what is left of them', async () => {
    const { invite, code } = await book.create(terms);
    await book.redeem(code);
    await book.enrol(KEY, { role: 'infer', shard: null }, null);
    expect(await book.list()).toMatchObject([
      { id: invite.id, usesLeft: 1, revoked: false, expires: '2021-06-07T00:10:00.000Z' },
      { id: keyId(KEY), role: 'infer', usesLeft: null },
    ]);
  });

  it('cannot be revoked when they are not there', async () => {
    for (const id of ['i000000000000', 'k00', '../revoked', '']) {
      await expect(book.revoke(id)).rejects.toMatchObject({ code: 'BAD_OPTION' });
    }
  });
});
