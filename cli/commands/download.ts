import type { Command } from 'commander';
import { download } from '../../client/node/download.js';
import { checkServerAddress } from '../../client/server-address.js';
import { tryFolder } from '../../storage/try-folder.js';
import { writeLayersFiles } from '../../storage/write-layers-files.js';
import { entryOptions, withEntryFlags, type EntryFlags } from '../entry-flags.js';
import { fail, succeed, tellOfLink } from '../outcome.js';
import { jsonFlag } from '../run-options.js';

interface DownloadFlags extends EntryFlags {
  readonly out: string;
  readonly json: boolean;
}

export function addDownload(program: Command): void {
  const command = program
    .command('download <url>')
    .description('take the merged model of a run that is over (tandem serve --share-model)')
    .option('--out <folder>', 'where to write model.json and weights.bin', 'exports');
  withEntryFlags(command)
    .addOption(jsonFlag())
    .addHelpText('after', '\nExample:\n  $ tandem download ws://127.0.0.1:8080 --out exports/shared\n')
    .action(run);
}

async function run(url: string, flags: DownloadFlags): Promise<void> {
  try {
    checkServerAddress(url);
    await tryFolder({ path: flags.out, flag: '--out' });
    const files = await download(url, { ...(await entryOptions(flags)), onLinkNews: tellOfLink });
    const model = await writeLayersFiles({ path: flags.out, flag: '--out' }, files);
    const bytes = files.json.length + files.weights.length;
    const text = `wrote ${model} and its weights (${bytes.toLocaleString('en')} bytes); load it with tf.loadLayersModel`;
    succeed(flags.json, { model, bytes }, text);
  } catch (error) {
    fail(error, flags.json);
  }
}
