import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { newEntryKey } from '../../client/node/entry-key.js';
import { EntryDesk, type Credentials, type DeskEvent } from '../../server/entry/entry-desk.js';
import { InviteBook, keyId } from '../../server/entry/invite-book.js';
import { SpentTicketMemory } from '../../server/entry/spent-tickets.js';
import { TicketOffice } from '../../server/entry/ticket-office.js';
import { proofOf } from '../../shared/entry-proof.js';

const grant = { subject: 'i0123456789ab', role: 'train', shard: [2, 5] } as const;
let now: number;
let office: TicketOffice;

beforeEach(async () => {
  now = Date.UTC(2021, 5, 7, 1, 2, 3);
  office = await TicketOffice.open({ audience: 'this run', now: () => now });
});

describe('tickets', () => {
  it('open one link', async () => {
    const ticket = await office.issue(grant);
    expect(await office.spend(ticket)).toEqual(grant);
    await expect(office.spend(ticket)).rejects.toMatchObject({
      code: 'NO_ENTRY',
      message: 'the ticket was used before',
    });
  });

  it('open one link when they come twice at once', async () => {
    const ticket = await office.issue(grant);
    const spent = await Promise.allSettled([office.spend(ticket), office.spend(ticket), office.spend(ticket)]);
    expect(spent.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('expire after 60 seconds', async () => {
    const [early, late] = [await office.issue(grant), await office.issue(grant)];
    now += 59_999;
    await office.spend(early);
    now += 1;
    await expect(office.spend(late)).rejects.toMatchObject({ message: 'the ticket has expired' });
  });

  it('are for one run and one process', async () => {
    const ticket = await office.issue(grant);
    const restarted = await TicketOffice.open({ audience: 'this run', now: () => now });
    await expect(restarted.spend(ticket)).rejects.toMatchObject({
      message: 'the ticket was not issued by this server',
    });
  });

  it('are no challenges, nor the other way round', async () => {
    await expect(office.spend(await office.challenge())).rejects.toMatchObject({ code: 'NO_ENTRY' });
    await expect(office.spendChallenge(await office.issue(grant))).rejects.toMatchObject({ code: 'NO_ENTRY' });
  });

  it('never come back in the words of a refusal', async () => {
    const ticket = await office.issue(grant);
    const changed = `${ticket.slice(0, -4)}AAAA`;
    const error: unknown = await office.spend(changed).catch((reason: unknown) => reason);
    expect(String(error)).not.toContain(ticket.slice(0, 10));
  });

  it('that were used are remembered until they would have expired, and no longer', () => {
    const memory = new SpentTicketMemory(() => now);
    for (let i = 0; i < 7; i++) expect(memory.spend(`ticket ${i}`, now + 60_000)).toBe(true);
    now += 59_999;
    expect(memory.spend('ticket 3', now + 1)).toBe(false);
    now += 1;
    expect(memory.spend('another', now + 60_000)).toBe(true);
    expect(memory.size).toBe(1);
  });
});

describe('the desk', () => {
  let book: InviteBook;
  let desk: EntryDesk;
  let events: DeskEvent[];
  const exchange = (shown: Credentials) => desk.exchange(shown, (event) => events.push(event));
  const proven = async (key = newEntryKey(), change: Partial<Credentials> = {}): Promise<Credentials> => {
    const challenge = await desk.challenge();
    return { key: key.x, challenge, signature: await key.sign(proofOf(challenge)), ...change };
  };
  const invited = async (uses = 1) => (await book.create({ role: 'train', shard: [2, 5], uses, seconds: 60 })).code;

  beforeEach(async () => {
    book = await InviteBook.open(await mkdtemp(join(tmpdir(), 'tandem-desk-')), () => now);
    desk = new EntryDesk(book, office);
    events = [];
  });

  it('gives a ticket for an invite', async () => {
    const { ticket, role, shard, seconds } = await exchange({ invite: await invited() });
    expect({ role, shard, seconds }).toEqual({ role: 'train', shard: [2, 5], seconds: 60 });
    expect(await desk.admitLink(ticket)).toMatchObject({ role: 'train', shard: [2, 5] });
  });

  it('enrols a key with an invite once, and then knows it, also after a restart', async () => {
    const key = newEntryKey();
    const invite = await invited();
    await exchange({ ...(await proven(key)), invite });
    await exchange({ ...(await proven(key)), invite });
    desk = new EntryDesk(book, await TicketOffice.open({ audience: 'this run', now: () => now }));
    const { ticket } = await exchange(await proven(key));
    expect(await desk.admitLink(ticket)).toMatchObject({ subject: keyId(key.x), role: 'train', shard: [2, 5] });
    expect(events.filter(({ what }) => what === 'key-enrolled')).toHaveLength(1);
    await expect(exchange({ invite })).rejects.toMatchObject({ message: /used already/ });
  });

  it('refuses a key without its proof, and leaves the invite as it was', async () => {
    const invite = await invited();
    const other = newEntryKey();
    const challenge = await desk.challenge();
    const bad: [string, Credentials][] = [
      ['not enrolled', await proven()],
      ['the signature of another key', await proven(newEntryKey(), { key: other.x, invite })],
      [
        'a signature over something else',
        await proven(other, { signature: await other.sign(new Uint8Array(9)), invite }),
      ],
      [
        'a challenge of its own',
        { key: other.x, challenge: 'mine', signature: await other.sign(proofOf('mine')), invite },
      ],
      ['no challenge', { key: other.x, invite }],
      ['the bare challenge signed', await signedBare(challenge, invite)],
      ['no key at all', await proven(other, { key: 'AAAA', invite })],
      ['nothing', {}],
    ];
    for (const [name, shown] of bad) {
      await expect(exchange(shown), name).rejects.toMatchObject({ code: /NO_ENTRY|BAD_MESSAGE/ });
    }
    await exchange({ invite });
    expect(events.map(({ what }) => what)).toEqual(['ticket-issued']);
  });

  it('takes a challenge once', async () => {
    const shown = { ...(await proven()), invite: await invited(2) };
    await exchange(shown);
    await expect(exchange(shown)).rejects.toMatchObject({ message: 'the challenge was used before' });
  });

  it('refuses the ticket of somebody who was revoked after it was issued', async () => {
    const { invite, code } = await book.create({ role: 'train', shard: null, uses: 9, seconds: 60 });
    const { ticket } = await exchange({ invite: code });
    await book.revoke(invite.id);
    await expect(desk.admitLink(ticket)).rejects.toMatchObject({ message: `${invite.id} has been revoked` });
  });

  it('lets readers of metrics read with the invite itself, and open no link', async () => {
    const { code } = await book.create({ role: 'metrics', shard: null, uses: 1, seconds: 60 });
    for (let i = 0; i < 3; i++) expect(await desk.admitToMetrics(code)).toMatchObject({ role: 'metrics' });
    const { ticket } = await exchange({ invite: code });
    await expect(desk.admitLink(ticket)).rejects.toMatchObject({ code: 'WRONG_ROLE' });
    await expect(desk.admitToMetrics(await invited())).rejects.toMatchObject({ code: 'WRONG_ROLE' });
    await expect(desk.admitToMetrics(undefined)).rejects.toMatchObject({ code: 'NO_ENTRY' });
  });

  async function signedBare(challenge: string, invite: string): Promise<Credentials> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { x = '' } = publicKey.export({ format: 'jwk' });
    return {
      key: x,
      challenge,
      signature: sign(null, Buffer.from(challenge), privateKey).toString('base64url'),
      invite,
    };
  }
});
