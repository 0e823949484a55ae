import { Option, type Command } from 'commander';
import { ownKinds, type OwnKind } from '../../shared/preparation/own-label.js';
import { runOptionsOf } from '../../shared/run-fields.js';
import { makeRunFolder, runFiles } from '../../storage/run-folder.js';
import { fail, succeed } from '../outcome.js';
import { jsonFlag, logFlag, withRunFlags, type RunFlags } from '../run-options.js';
import { interruption } from '../signals.js';
import { keepTask, openTask, writeTask } from '../own/decide.js';
import { ownReport } from '../own/own-report.js';
import { trainRun } from '../own/train.js';

export interface OwnFlags extends Omit<RunFlags, 'task' | 'missing'> {
  readonly label?: string;
  readonly kind?: OwnKind;
  readonly model: string;
  readonly missingCells?: string[];
  readonly categories?: string[];
  readonly ignore?: string[];
  readonly header?: boolean;
  readonly size?: [number, number];
  readonly save?: string;
  readonly json: boolean;
  readonly logJson: boolean;
}

/** Flags that say of data what would be told from them. */
export function withDataFlags(command: Command): Command {
  return command
    .option('--label <column>', 'tables: the column to predict (default: the last one)')
    .addOption(new Option('--kind <kind>', 'what is predicted (default: told from the labels)').choices(ownKinds))
    .option('--model <size|file>', 'small, medium, or a .js file whose default export makes a model', 'small')
    .option(
      '--missing-cells <text,...>',
      'tables: cells that say nothing (default: empty, ?, and NA among numbers)',
      list,
    )
    .option('--categories <column,...>', 'tables: columns of words that look like numbers', list)
    .option('--ignore <column,...>', 'tables: columns to leave out', list)
    .option('--no-header', 'tables: the first line is a row like the others');
}

export function addTrain(program: Command): void {
  const command = program
    .command('train <data> [labels]')
    .description('train on your own data: a CSV file, a folder of pictures or sounds, arrays, idx files');
  withRunFlags(withDataFlags(command), ['task', 'missing'])
    .option('--save <folder>', 'where the run is kept (default: the next free runs/NAME-N)')
    .addOption(jsonFlag())
    .addOption(logFlag())
    .addHelpText('after', '\nExample:\n  $ tandem train people.csv --label income --clients 4\n')
    .action(run);
}

async function run(data: string, labels: string | undefined, flags: OwnFlags, command: Command): Promise<void> {
  try {
    const isSaid = command.getOptionValueSource('header') === 'cli';
    const { missingCells, header, ...looks } = flags;
    const asked = { ...looks, missing: missingCells, header: isSaid ? header : undefined };
    const { name, text, lines } = await writeTask(data, labels, asked);
    process.stderr.write(`${lines.join('\n')}\n`);
    const folder = await makeRunFolder(name, flags.save);
    await keepTask(folder, text);
    const opened = await openTask(folder);
    const { clients = 4, evaluateEvery = 1 } = flags;
    const options = { ...runOptionsOf(flags), clients, ...(opened.data.test ? { evaluateEvery } : {}) };
    const how = { jsonLog: flags.logJson, transport: 'loopback', signal: interruption } as const;
    const recorder = await trainRun({ folder, ...opened, options, lines }, how);
    succeed(flags.json, { folder, metrics: recorder.metrics, task: runFiles.task }, ownReport(recorder));
  } catch (error) {
    fail(error, flags.json);
  }
}

function list(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}
