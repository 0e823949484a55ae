import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { TandemError } from '../../shared/errors.js';
import { VERSION } from '../../shared/version.js';
import { runFiles, writeRunFile } from '../../storage/run-folder.js';
import { tryFolder } from '../../storage/try-folder.js';
import { keepTask, writeTask } from '../own/decide.js';
import { dataFlagsOf, withDataFlags, type DataFlags } from '../own/data-flags.js';
import { fail, succeed } from '../outcome.js';
import { jsonFlag } from '../run-options.js';

interface InitFlags extends DataFlags {
  readonly out?: string;
  readonly json: boolean;
}

export function addInit(program: Command): void {
  const command = program
    .command('init <data> [labels]')
    .description('look at your own data and write a task for them, without training it');
  withDataFlags(command)
    .option('--cut <layers>', 'where to cut (default: what suits the model)')
    .option('--out <folder>', "where to write it (default: the data's name)")
    .addOption(jsonFlag())
    .addHelpText('after', '\nExample:\n  $ tandem init people.csv --label income && tandem train people/task.mjs\n')
    .action(run);
}

async function run(data: string, labels: string | undefined, flags: InitFlags, command: Command): Promise<void> {
  try {
    const { name, text, lines } = await writeTask(data, labels, dataFlagsOf(flags, command));
    const folder = flags.out ?? name;
    await tryFolder({ path: folder, flag: '--out' });
    const [task, about] = [join(folder, runFiles.task), join(folder, 'package.json')];
    const there = [task, about].find((path) => existsSync(path));
    if (there !== undefined)
      throw new TandemError('BAD_OPTION', `${there} is there already`, 'choose another --out, or move it away');
    process.stderr.write(`${lines.join('\n')}\n`);
    await keepTask(folder, text);
    await writeRunFile(folder, 'package.json', packageText(name));
    const next = `wrote ${task} and ${about}\nnext: tandem train ${task}`;
    succeed(flags.json, { task, package: about }, next);
  } catch (error) {
    fail(error, flags.json);
  }
}

function packageText(name: string): string {
  const content = {
    name:
      name
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, '-')
        .replace(/^-+|-+$/g, '') || 'task',
    private: true,
    type: 'module',
    scripts: { train: `tandem train ${runFiles.task}` },
    dependencies: { tandem: `^${VERSION}` },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
