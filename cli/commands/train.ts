import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { asTandemError, TandemError } from '../../shared/errors.js';
import type { TransportName } from '../../simulator/transport-names.js';
import { runOptionsOf } from '../../shared/run-fields.js';
import { withFile } from '../../storage/file-trouble.js';
import { listRuns, makeRunFolder, readRunRecord, RUNS, runFiles } from '../../storage/run-folder.js';
import { loadTask } from '../load-task.js';
import { fail, succeed } from '../outcome.js';
import { dataFlagsOf, withDataFlags, type DataFlags } from '../own/data-flags.js';
import { keepTask, openTask, writeTask } from '../own/decide.js';
import { ownReport } from '../own/own-report.js';
import { trainRun, type RunPlan } from '../own/train.js';
import { jsonFlag, logFlag, withRunFlags, type RunFlags } from '../run-options.js';
import { interruption } from '../signals.js';

export interface TrainFlags extends DataFlags, Omit<RunFlags, 'task' | 'missing' | 'batch' | 'epochs' | 'cut'> {
  readonly save?: string;
  /** True for the newest run that is not over. */
  readonly resume?: string | true;
  readonly json: boolean;
  readonly logJson: boolean;
}

export function addTrain(program: Command): void {
  const command = program
    .command('train [data] [labels]')
    .description('train on your own data: a CSV file, a folder of pictures or sounds, arrays, idx files, a task file');
  withRunFlags(withDataFlags(command), ['task', 'missing'])
    .option('--save <folder>', 'where the run is kept (default: the next free runs/NAME-N)')
    .option('--resume [folder]', 'go on with a run that was ended before its time (default: the newest one)')
    .addOption(jsonFlag())
    .addOption(logFlag())
    .addHelpText('after', '\nExample:\n  $ tandem train people.csv --label income --clients 4\n')
    .action((data: string | undefined, labels: string | undefined, flags: TrainFlags, own: Command) =>
      trainOwn(data, labels, flags, own),
    );
}

/** Trains own data, or goes on with a run: what `simulate` with data does, too, over sockets. */
export async function trainOwn(
  data: string | undefined,
  labels: string | undefined,
  flags: TrainFlags,
  command: Command,
  transport: TransportName = 'loopback',
): Promise<void> {
  try {
    const { resume } = flags;
    const plan = resume === undefined ? await newRun(data, labels, flags, command) : await goOn(resume, data);
    const recorder = await trainRun(plan, { jsonLog: flags.logJson, transport, signal: interruption });
    succeed(flags.json, { folder: plan.folder, metrics: recorder.metrics, task: runFiles.task }, ownReport(recorder));
  } catch (error) {
    fail(error, flags.json);
    // All is written down: nothing of the run has to be waited for.
    if (asTandemError(error).code === 'CANCELLED') process.exit();
  }
}

async function newRun(
  data: string | undefined,
  labels: string | undefined,
  flags: TrainFlags,
  command: Command,
): Promise<RunPlan> {
  if (data === undefined)
    throw new TandemError('BAD_OPTION', 'no data were given', 'give a file or a folder, or --resume');
  const {
    name,
    text,
    lines,
    data: read,
  } = await (/\.[cm]?js$/.test(data) ? ofTask(data, flags) : writeTask(data, labels, dataFlagsOf(flags, command)));
  process.stderr.write(`${lines.join('\n')}\n`);
  const folder = await makeRunFolder(name, flags.save);
  await keepTask(folder, text);
  const opened = await openTask(folder, read);
  const { clients = 4, evaluateEvery = 1 } = flags;
  const options = { ...runOptionsOf(flags), clients, ...(opened.data.test ? { evaluateEvery } : {}) };
  return { folder, ...opened, options, lines };
}

/** A task file of a person's, or one that was written and changed. */
async function ofTask(path: string, { cut }: TrainFlags) {
  if (cut !== undefined)
    throw new TandemError('BAD_OPTION', `${path} says where it is cut`, 'change it there, or leave --cut out');
  const { name } = await loadTask(path);
  const text = await withFile('read', { path }, () => readFile(path, 'utf8'));
  return { name, text, lines: [`task ${path}`], data: undefined };
}

/** A run that was ended before its time. Throws BAD_OPTION where it is over, or its data are others now. */
async function goOn(asked: string | true, data: string | undefined): Promise<RunPlan> {
  const folder = asked === true ? await newestUnfinished() : asked;
  const earlier = await readRunRecord(folder);
  if (data !== undefined)
    throw new TandemError('BAD_OPTION', `the data of ${folder} are those it began with`, `leave ${data} out`);
  if (earlier.status === 'finished')
    throw new TandemError(
      'BAD_OPTION',
      `${folder} is over`,
      `train its task again: tandem train ${join(folder, runFiles.task)}`,
    );
  const opened = await openTask(folder);
  const now = { trainRows: opened.data.train.size, testRows: opened.data.test?.size ?? 0 };
  const { path, trainRows, testRows } = earlier.data;
  if (now.trainRows !== trainRows || now.testRows !== testRows) {
    const what = `${path} had ${trainRows} + ${testRows} samples when ${folder} began, and has ${now.trainRows} + ${now.testRows} now`;
    throw new TandemError('BAD_DATA', what, 'put the data back, or begin a new run');
  }
  return { folder, ...opened, options: earlier.options, lines: earlier.decided, earlier };
}

async function newestUnfinished(): Promise<string> {
  const found = (await listRuns(RUNS)).find(({ record }) => record.status !== 'finished');
  if (found) return found.folder;
  throw new TandemError(
    'BAD_OPTION',
    `no run in ${RUNS}/ was ended before its time`,
    'give its folder: --resume FOLDER',
  );
}
