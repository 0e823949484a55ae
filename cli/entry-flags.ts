import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { EntryOptions } from '../client/node/connect.js';
import { fileTrouble } from '../storage/file-trouble.js';

/** What the flags of a command that goes into a server parse to. */
export interface EntryFlags extends EntryOptions {
  /** A code, or `@` and a file that holds it. */
  readonly invite?: string;
}

/** Adds the flags by which a command comes into a server that does not let everybody in. */
export function withEntryFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--invite <code|@file>', 'an invite; in a file or in TANDEM_INVITE it is in no list of processes').env(
        'TANDEM_INVITE',
      ),
    )
    .option('--key <file>', 'a private key of tandem keygen, enrolled with the invite or already')
    .option('--ca <file>', 'certificates of your own authority, for wss://')
    .option('--proxy <url>', 'go through this proxy (default: what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say)');
}

/** The flags as the client takes them. Throws CANNOT_READ. */
export async function entryOptions({ invite, key, ca, proxy }: EntryFlags): Promise<EntryOptions> {
  return {
    ...(invite === undefined ? {} : { invite: await inviteIn(invite) }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

async function inviteIn(text: string): Promise<string> {
  if (!text.startsWith('@')) return text.trim();
  try {
    return (await readFile(text.slice(1), 'utf8')).trim();
  } catch (error) {
    throw fileTrouble(error, 'read', { path: text.slice(1), flag: '--invite' });
  }
}
