import { basename, join, resolve } from 'node:path';
import { findSource } from '../../client/node/own/find-source.js';
import type { LookOptions } from '../../client/node/own/looked.js';
import { lookAt } from '../../client/node/own/own-data.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { TandemError } from '../../shared/errors.js';
import { answerOf } from '../../shared/preparation/answer.js';
import type { Preparation } from '../../shared/preparation/preparation.js';
import type { Task } from '../../shared/task.js';
import { runFiles, writeRunFile } from '../../storage/run-folder.js';
import { loadData } from '../load-data.js';
import { loadTask } from '../load-task.js';
import { foundLines } from './found-lines.js';
import { taskText } from './task-text.js';

/** What a person says of a run beside its data; what is left out is told from them. */
export interface DecideFlags extends LookOptions {
  readonly model: string;
  readonly cut?: string | undefined;
  readonly batch?: number | undefined;
  readonly epochs?: number | undefined;
}

/** What was decided about data. */
export interface WrittenTask {
  readonly name: string;
  /** The text of the task file. */
  readonly text: string;
  /** What was found and decided, a line each. */
  readonly lines: readonly string[];
  /** The data, read as the task says. */
  readonly data: ClientData;
}

/** A task that is ready to be trained. */
export interface ReadyTask {
  readonly task: Task;
  readonly data: ClientData;
  readonly preparation: Preparation;
}

/** Steps of a whole run that teach most models of this size what they can learn, and how few epochs are too few. */
const STEPS = 4000;
const [FEWEST_EPOCHS, MOST_EPOCHS] = [10, 60];
const [SMALLEST_BATCH, LARGEST_BATCH] = [8, 64];

/** Looks at data and writes down what to train, before anything is trained. Throws what the readers throw. */
export async function writeTask(data: string, labels: string | undefined, flags: DecideFlags): Promise<WrittenTask> {
  const source = await findSource(data, labels);
  const looked = await lookAt(source, flags);
  const { preparation, rows } = looked;
  const batch = flags.batch ?? batchFor(rows);
  const epochs = flags.epochs ?? Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, Math.ceil(STEPS / (rows / batch))));
  const { model, cut } = flags;
  const { text, says } = taskText({ name: source.name, data: source.data, preparation, model, cut, batch, epochs });
  return { name: source.name, text, data: looked.data, lines: foundLines(basename(data), looked, says) };
}

/** The task of a folder with its data, read as it says unless that was done. */
export async function openTask(folder: string, read?: ClientData): Promise<ReadyTask> {
  const task = await loadTask(join(resolve(folder), runFiles.task));
  const preparation = preparationOf(task);
  // What reading had to say was said when the task was written.
  return { task, preparation, data: read ?? (await loadData(task.data, task, () => undefined)) };
}

/** How the data of a task become numbers. Throws BAD_OPTION for one that does not say. */
function preparationOf({ name, table, preparation }: Task): Preparation {
  const own = preparation ?? (table && { kind: 'table' as const, table });
  if (own) {
    answerOf(own);
    return own;
  }
  const what = `task '${name}' does not say how its data become numbers`;
  throw new TandemError(
    'BAD_OPTION',
    what,
    'give it a table or a preparation, or train it with: tandem simulate --task',
  );
}

export function keepTask(folder: string, text: string): Promise<void> {
  return writeRunFile(folder, runFiles.task, text);
}

/** A power of two, so that small data have some 50 steps an epoch. */
function batchFor(rows: number): number {
  const even = 2 ** Math.floor(Math.log2(Math.max(1, rows / 50)));
  return Math.min(LARGEST_BATCH, Math.max(SMALLEST_BATCH, even));
}
