import { join } from 'node:path';
import type { Command } from 'commander';
import { readSavedRun } from '../../server/saved-run.js';
import { tryFolder } from '../../storage/try-folder.js';
import { OWN_BOTTOM } from '../../shared/task-fields.js';
import { loadTask } from '../load-task.js';
import { fail, succeed } from '../outcome.js';
import { jsonFlag } from '../run-options.js';

export function addExport(program: Command): void {
  program
    .command('export <run-folder>')
    .description('write the merged model of a saved run in the tfjs layers format')
    .option('--out <folder>', 'where to write model.json and weights.bin', 'exports')
    .option('--task <name|file>', 'the task, if it is no longer where the run found it')
    .option('--bottom <name>', "which of the task's bottoms the model gets (default: its own)")
    .addOption(jsonFlag())
    .addHelpText(
      'after',
      '\nExample:\n  $ tandem simulate --save runs/first\n  $ tandem export runs/first --out exports/first\n',
    )
    .action(run);
}

async function run(
  folder: string,
  flags: { out: string; task?: string; bottom?: string; json: boolean },
): Promise<void> {
  try {
    const saved = await readSavedRun(folder);
    await tryFolder({ path: flags.out, flag: '--out' });
    const task = await loadTask(flags.task ?? saved.task);
    const { exportModel } = await import('../../server/export-model.js');
    const { loadWithBottom } = await import('../../server/saved-bottom.js');
    const { loadTrainedModel } = await import('../../server/saved-model.js');
    const { bottom = OWN_BOTTOM } = flags;
    const model =
      bottom === OWN_BOTTOM
        ? await loadTrainedModel(folder, task, saved)
        : await loadWithBottom(folder, task, saved, bottom);
    await exportModel(model, flags.out);
    const parameters = model.countParams();
    model.dispose();
    const file = join(flags.out, 'model.json');
    const untrained = saved.summary.bottoms?.some(({ name, samples }) => name === bottom && samples === 0) ?? false;
    const text =
      `wrote ${file} (${parameters.toLocaleString('en')} parameters); load it with tf.loadLayersModel` +
      (untrained ? `\nnobody trained the bottom '${bottom}', which it has: its weights are the first ones` : '');
    // The hash of a run is that of the model with the task's own bottom.
    const hash = bottom === OWN_BOTTOM ? { weightsHash: saved.summary.weightsHash } : {};
    succeed(flags.json, { model: file, parameters, bottom, ...hash }, text);
  } catch (error) {
    fail(error, flags.json);
  }
}
