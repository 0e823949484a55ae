import type { Command } from 'commander';
import { writeEntryKey } from '../../client/node/entry-key.js';
import { keyId } from '../../server/entry/invite-book.js';
import { fail, succeed } from '../outcome.js';
import { jsonFlag } from '../run-options.js';

interface KeygenFlags {
  readonly out: string;
  readonly json: boolean;
}

export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('make an Ed25519 key pair that a client comes in with')
    .option('--out <file>', 'where the private key goes; never over another file', 'tandem.key')
    .addOption(jsonFlag())
    .addHelpText('after', '\nExample:\n  $ tandem keygen --out clinic-a.key\n')
    .action(run);
}

async function run({ out, json }: KeygenFlags): Promise<void> {
  try {
    const { x } = await writeEntryKey(out);
    const id = keyId(x);
    succeed(
      json,
      { file: out, id, publicKey: x },
      `private key in ${out}, for its owner only\nid ${id}\npublic key ${x}`,
    );
  } catch (error) {
    fail(error, json);
  }
}
