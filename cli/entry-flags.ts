import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { EntryOptions } from '../client/node/connect.js';
import { TandemError } from '../shared/errors.js';

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
    .option('--ca <file>', 'certificates of your own authority, for wss://');
}

/** The flags as the client takes them. Throws BAD_OPTION for a file that cannot be read. */
export async function entryOptions({ invite, key, ca }: EntryFlags): Promise<EntryOptions> {
  return {
    ...(invite === undefined ? {} : { invite: await inviteIn(invite) }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
  };
}

async function inviteIn(text: string): Promise<string> {
  if (!text.startsWith('@')) return text.trim();
  try {
    return (await readFile(text.slice(1), 'utf8')).trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it cannot be read';
    throw new TandemError('BAD_OPTION', `cannot read the invite in ${text.slice(1)}: ${reason}`, 'check --invite');
  }
}
