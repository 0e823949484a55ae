import { InvalidArgumentError, Option, type Command } from 'commander';
import type * as tf from '@tensorflow/tfjs';
import { exportFormats, type ExportFormat } from '../../server/export-formats.js';
import { readSavedRun, type SavedRun } from '../../server/saved-run.js';
import { tryFolder } from '../../storage/try-folder.js';
import { OWN_BOTTOM } from '../../shared/task-fields.js';
import type { Task } from '../../shared/task.js';
import { asTandemError } from '../../shared/errors.js';
import { readingOf, type RunReading } from '../../shared/run-reading.js';
import { pythonLines } from '../own/python-lines.js';
import { loadTask } from '../load-task.js';
import { fail, succeed } from '../outcome.js';
import { jsonFlag } from '../run-options.js';

interface ExportFlags {
  readonly out: string;
  readonly format: ExportFormat;
  readonly task?: string;
  readonly bottom: string;
  readonly segment?: number;
  readonly bare: boolean;
  readonly json: boolean;
}

export function addExport(program: Command): void {
  program
    .command('export <run-folder>')
    .description('write the merged model of a saved run, or a segment of it, for other programs')
    .option('--out <folder>', 'where to write', 'exports')
    .addOption(
      new Option('--format <name>', 'tfjs: for tf.loadLayersModel; onnx: for any runtime; safetensors: the weights')
        .choices(exportFormats)
        .default('tfjs'),
    )
    .option('--segment <n>', 'one segment alone, counted from 0 at the bottom (default: the merged model)', segment)
    .option('--bare', 'ONNX: the model alone, which takes numbers that are prepared already', false)
    .option('--task <name|file>', 'the task, if it is no longer where the run found it')
    .option('--bottom <name>', "which of the task's bottoms the model gets", OWN_BOTTOM)
    .addOption(jsonFlag())
    .addHelpText(
      'after',
      '\nExample:\n  $ tandem simulate --save runs/first\n  $ tandem export runs/first --format onnx --out exports/first\n',
    )
    .action(run);
}

function segment(value: string): number {
  if (/^\d{1,3}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a whole number from 0.');
}

async function run(folder: string, flags: ExportFlags): Promise<void> {
  try {
    const saved = await readSavedRun(folder);
    await tryFolder({ path: flags.out, flag: '--out' });
    const task = await loadTask(flags.task ?? saved.task);
    const { exportModel } = await import('../../server/export-model.js');
    const { exportPrepared } = await import('../../server/export-prepared.js');
    const { askModel } = await import('../own/ask-model.js');
    const [model, of] = await load(folder, task, saved, flags);
    const parameters = model.countParams();
    const { bottom, format } = flags;
    const reading = format === 'onnx' && of === undefined && !flags.bare ? readingOf(task) : null;
    const rows = reading ? await rowsOf(folder, task, reading) : [];
    const isPrepared = reading !== null && rows.length > 0;
    // Only the last segment has what the loss reads.
    const judged = of === undefined || flags.segment === of - 1;
    const { name, classes } = task;
    const plain = { format, task: judged ? task : { name, ...(classes ? { classes } : {}) } };
    const { values: _, ...exported } = isPrepared
      ? await exportPrepared(model, flags.out, { task, reading, rows, ask: askModel })
      : { ...(await exportModel(model, flags.out, plain)), values: [] };
    model.dispose();
    const untrained = saved.summary.bottoms?.some(({ name, samples }) => name === bottom && samples === 0) ?? false;
    const text =
      `wrote ${exported.file} (${parameters.toLocaleString('en')} parameters)` +
      (isPrepared ? comparedText(exported) + inPython(pythonLines(reading.preparation)) : hint(format)) +
      (untrained ? `\nnobody trained the bottom '${bottom}', which it has: its weights are the first ones` : '');
    // The hash of a run is that of the model with the task's own bottom.
    const hash = bottom === OWN_BOTTOM && of === undefined ? { weightsHash: saved.summary.weightsHash } : {};
    const { file, ...more } = exported;
    succeed(flags.json, { model: file, format, parameters, bottom, ...more, ...hash }, text);
  } catch (error) {
    fail(error, flags.json);
  }
}

/** The model asked for, and how many segments it is one of, where it is one. */
async function load(
  folder: string,
  task: Task,
  saved: SavedRun,
  { bottom, segment }: ExportFlags,
): Promise<[model: tf.LayersModel, of: number | undefined]> {
  const { loadWithBottom, loadSegment } = await import('../../server/saved-bottom.js');
  const { loadTrainedModel } = await import('../../server/saved-model.js');
  const whole =
    bottom === OWN_BOTTOM
      ? await loadTrainedModel(folder, task, saved)
      : await loadWithBottom(folder, task, saved, bottom);
  if (segment === undefined) return [whole, undefined];
  return loadSegment(whole, task, saved, segment);
}

function hint(format: ExportFormat): string {
  if (format === 'tfjs') return '; load it with tf.loadLayersModel';
  const lines =
    format === 'safetensors'
      ? ['from safetensors.numpy import load_file', "weights = load_file('model.safetensors')", 'print(weights.keys())']
      : [
          'import numpy as np, onnxruntime as ort',
          "session = ort.InferenceSession('model.onnx')",
          "one = lambda i: np.zeros([1] + i.shape[1:], 'int32' if 'int32' in i.type else 'float32')",
          'answers = session.run(None, {i.name: one(i) for i in session.get_inputs()})',
          'print({o.name: answer for o, answer in zip(session.get_outputs(), answers)})',
        ];
  return inPython(lines);
}

function inPython(lines: readonly string[]): string {
  return `\nin Python:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function comparedText({ difference, compared }: { readonly difference?: number; readonly compared?: number }): string {
  const apart = (difference ?? 0).toExponential(1);
  return `;\nit takes raw data, and gave the run's answers to ${compared ?? 0} samples to ${apart}`;
}

/** Samples to compare the file's answers on; none where the data are gone, and then the model is written alone, which is said. */
async function rowsOf(folder: string, task: Task, { preparation }: RunReading) {
  try {
    const { comparedRows } = await import('../own/compared-rows.js');
    return await comparedRows(folder, task.data ?? '', preparation);
  } catch (error) {
    const { message } = asTandemError(error);
    process.stderr.write(`tandem: the preparation is left out, since it cannot be compared: ${message}\n`);
    return [];
  }
}
