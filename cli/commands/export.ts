import { join } from 'node:path';
import type { Command } from 'commander';
import { exportModel } from '../../server/export-model.js';
import { loadTrainedModel, readSavedRun } from '../../server/saved-run.js';
import { loadTask } from '../load-task.js';
import { fail, succeed } from '../outcome.js';
import { jsonFlag } from '../run-options.js';

export function addExport(program: Command): void {
  program
    .command('export <run-folder>')
    .description('write the merged model of a saved run in the tfjs layers format')
    .option('--out <folder>', 'where to write model.json and weights.bin', 'exports')
    .option('--task <name|file>', 'the task, if it is no longer where the run found it')
    .addOption(jsonFlag())
    .addHelpText(
      'after',
      '\nExample:\n  $ tandem simulate --save runs/first\n  $ tandem export runs/first --out exports/first\n',
    )
    .action(run);
}

async function run(folder: string, flags: { out: string; task?: string; json: boolean }): Promise<void> {
  try {
    const saved = await readSavedRun(folder);
    const task = await loadTask(flags.task ?? saved.task);
    const model = await loadTrainedModel(folder, task, saved);
    await exportModel(model, flags.out);
    const parameters = model.countParams();
    model.dispose();
    const file = join(flags.out, 'model.json');
    const text = `wrote ${file} (${parameters.toLocaleString('en')} parameters); load it with tf.loadLayersModel`;
    succeed(flags.json, { model: file, parameters, weightsHash: saved.summary.weightsHash }, text);
  } catch (error) {
    fail(error, flags.json);
  }
}
