import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { checkServerAddress } from '../../client/server-address.js';
import { engineNames } from '../../shared/engine/choose-engine.js';
import { TandemError } from '../../shared/errors.js';
import type { MetricValue } from '../../shared/metrics/metrics.js';
import { sayFigure } from '../../shared/preparation/answer.js';
import { withEntryFlags, type EntryFlags } from '../entry-flags.js';
import { dataHelp } from '../load-data.js';
import { fail, succeed } from '../outcome.js';
import { skipFlag } from '../own/data-flags.js';
import { atLeastOne, jsonFlag } from '../run-options.js';

interface PredictFlags extends EntryFlags {
  readonly data?: string;
  readonly out?: string;
  readonly limit?: number;
  readonly engine: string;
  readonly bottom?: string;
  readonly skipUnreadable?: boolean;
  readonly json: boolean;
}

export function addPredict(program: Command): void {
  const command = program
    .command('predict <run|url> [data] [labels]')
    .description(
      'ask a trained model about data that stay here: that of a run folder, or a server (serve --keep-serving)',
    )
    .option('--data <data>', `instead of [data]: as it was trained on, or ${dataHelp}`)
    .option('--out <file>', 'a CSV file for the answers: a line a sample, with the chance of each class')
    .option('--limit <n>', 'samples asked about (default: all)', atLeastOne)
    .addOption(skipFlag())
    .option('--bottom <name>', "of a server: which of the task's bottoms to hold here (default: its own)")
    .addOption(new Option('--engine <name>', 'of a server: what computes here').choices(engineNames).default('auto'));
  withEntryFlags(command)
    .addOption(jsonFlag())
    .addHelpText(
      'after',
      '\nExample:\n  $ tandem predict runs/people-1 people.csv --out predictions.csv\n  $ tandem predict ws://127.0.0.1:8080 --data mnist --limit 100\n',
    )
    .action(run);
}

async function run(
  place: string,
  data: string | undefined,
  labels: string | undefined,
  flags: PredictFlags,
): Promise<void> {
  try {
    const isFolder = existsSync(place);
    if (!isFolder) checkPlace(place);
    const given = data ?? flags.data;
    if (given === undefined) throw new TandemError('BAD_OPTION', 'no data were given', 'give a file or a folder');
    const onNote = (line: string) => process.stderr.write(`tandem: ${line}\n`);
    const { out, limit, skipUnreadable } = flags;
    const options = { data: given, labels, out, limit, skipUnreadable, onNote };
    const { samples, metrics, isOwn } = isFolder
      ? { ...(await (await import('../predict/ask-run.js')).askRun(place, options)), isOwn: true }
      : await (await import('../predict/ask-server.js')).askServer(place, options, flags);
    const text = [
      `${samples.toLocaleString('en')} predictions${out === undefined ? '' : ` in ${out}`}`,
      ...Object.entries(metrics).flatMap(([name, value]) => said(name, value, isOwn)),
    ].join(', ');
    succeed(flags.json, { samples, accuracy: metrics.accuracy ?? null, metrics, ...(out ? { out } : {}) }, text);
  } catch (error) {
    fail(error, flags.json);
  }
}

function checkPlace(place: string): void {
  if (/^wss?:/.test(place)) checkServerAddress(place);
  else
    throw new TandemError(
      'BAD_OPTION',
      `'${place}' is neither the folder of a run nor a server`,
      'give one like runs/people-1 or ws://127.0.0.1:8080',
    );
}

function said(name: string, value: MetricValue, isOwn: boolean): string[] {
  if (typeof value !== 'number') return [];
  if (name === 'accuracy') return [`${(100 * value).toFixed(2)} % correct`];
  return [isOwn ? sayFigure(name, value) : `${name} ${value.toFixed(4)}`];
}
