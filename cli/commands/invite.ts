import { InvalidArgumentError, Option, type Command } from 'commander';
import Table from 'cli-table3';
import { roles, type Role } from '../../server/entry/grant.js';
import { InviteBook, type Listed } from '../../server/entry/invite-book.js';
import { TandemError } from '../../shared/errors.js';
import { fail, succeed } from '../outcome.js';
import { atLeastOne, jsonFlag, shardOf } from '../run-options.js';

interface InviteFlags {
  readonly role: Role;
  readonly shard?: [number, number];
  readonly uses: number;
  readonly expires: number;
  readonly key?: string;
  readonly revoke?: string;
  readonly list?: boolean;
  readonly json: boolean;
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

export function addInvite(program: Command): void {
  program
    .command('invite <folder>')
    .description('let somebody into a server that was started with --entry <folder>, or end that')
    .addOption(new Option('--role <role>', 'what it is good for').choices(roles).default('train'))
    .option('--shard <i/n>', 'the only shard that may be claimed with it (default: any)', shardOf)
    .option('--uses <n>', 'how many keys or tickets it is good for', atLeastOne, 1)
    .option('--expires <time>', 'until when it can be used, such as 30m, 24h or 7d', duration, duration('24h'))
    .option('--key <public key>', 'enrol this key at once, without a code')
    .option('--revoke <id>', 'end an invite or a key, and all that came of it; at once, without a restart')
    .option('--list', 'show all invites and keys')
    .addOption(jsonFlag())
    .addHelpText('after', '\nExample:\n  $ tandem invite entry/ --role train --shard 0/3\n')
    .action(run);
}

async function run(folder: string, flags: InviteFlags): Promise<void> {
  try {
    const book = await InviteBook.open(folder);
    if (flags.list) await list(book, flags);
    else if (flags.revoke !== undefined) await revoke(book, flags.revoke, flags);
    else if (flags.key !== undefined) await enrol(book, flags.key, flags);
    else await invite(book, flags);
  } catch (error) {
    fail(error, flags.json);
  }
}

async function invite(book: InviteBook, { role, shard, uses, expires, json }: InviteFlags): Promise<void> {
  const { invite, code } = await book.create({ role, shard: shard ?? null, uses, seconds: expires });
  const { hash: _, ...shown } = invite;
  const what = `${invite.id}: ${role}${shard ? `, shard ${shard.join('/')}` : ''}, ${uses} use${uses === 1 ? '' : 's'}`;
  const text = `${what}, until ${invite.expires}. The code is shown only now:\n${code}`;
  succeed(json, { ...shown, code }, text);
}

async function enrol(book: InviteBook, x: string, { role, shard, json }: InviteFlags): Promise<void> {
  if (!/^[A-Za-z0-9_-]{43}$/.test(x)) {
    throw new TandemError('BAD_OPTION', 'that is no public key', 'give the one that tandem keygen printed');
  }
  const key = await book.enrol(x, { role, shard: shard ?? null }, null);
  succeed(json, key, `enrolled ${key.id}: ${role}${shard ? `, shard ${shard.join('/')}` : ''}`);
}

async function revoke(book: InviteBook, id: string, { json }: InviteFlags): Promise<void> {
  await book.revoke(id);
  succeed(json, { revoked: id }, `revoked ${id}: links that came of it end within a second`);
}

async function list(book: InviteBook, { json }: InviteFlags): Promise<void> {
  const listed = await book.list();
  const table = new Table({ head: ['id', 'role', 'shard', 'uses left', 'expires', ''], style: { head: [] } });
  listed.map(cells).forEach((row) => table.push(row));
  succeed(json, { entries: listed }, table.toString());
}

function cells({ id, role, shard, usesLeft, expires, revoked }: Listed): string[] {
  return [id, role, shard?.join('/') ?? 'any', String(usesLeft ?? ''), expires ?? '', revoked ? 'revoked' : ''];
}

/** Seconds in a text such as 24h. */
function duration(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (!number || !unit || Number(number) === 0) throw new InvalidArgumentError('It must be like 30m, 24h or 7d.');
  return Number(number) * UNITS[unit as keyof typeof UNITS];
}
