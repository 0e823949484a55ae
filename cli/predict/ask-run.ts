import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findSource } from '../../client/node/own/find-source.js';
import { readAsked } from '../../client/node/own/asked-data.js';
import { readSavedRun } from '../../server/saved-run.js';
import { TandemError } from '../../shared/errors.js';
import { chancesOf } from '../../shared/model/chances.js';
import { answerOf } from '../../shared/preparation/answer.js';
import { readingOf } from '../../shared/run-reading.js';
import type { Task } from '../../shared/task.js';
import { withFile } from '../../storage/file-trouble.js';
import { readRunRecord, runFiles, RUN_FORMAT } from '../../storage/run-folder.js';
import { loadData, withSkipping } from '../load-data.js';
import { loadTask } from '../load-task.js';
import { ASKED_ROWS, askModel } from '../own/ask-model.js';
import {
  askedDataset,
  classAnswer,
  inputsOf,
  plainNumber,
  takeAnswers,
  type Answered,
  type Asked,
  type Figures,
  type Meaning,
} from './asked.js';

export interface AskRunOptions {
  readonly data: string;
  readonly labels?: string | undefined;
  readonly limit?: number | undefined;
  readonly out?: string | undefined;
  readonly skipUnreadable?: boolean | undefined;
  readonly onNote: (line: string) => void;
}

/** Asks the whole model of a run's folder, merged here, about data that never leave. Throws CANNOT_READ, BAD_DATA and CANNOT_WRITE. */
export async function askRun(folder: string, options: AskRunOptions): Promise<Figures> {
  const { task: named, seed } = await taskOfRun(folder);
  const task = await loadTask(named);
  const { data, meaning } = await open(task, options);
  data.notes.forEach(options.onNote);
  const { loadTrainedModel } = await import('../../server/saved-model.js');
  const model = await loadTrainedModel(folder, task, { summary: { seed } });
  try {
    const size = Math.min(data.size, options.limit ?? data.size);
    const answers = async function* (): AsyncGenerator<Answered> {
      for await (const { rows, inputs } of inputsOf(data, size, ASKED_ROWS))
        yield { rows, outputs: await askModel(model, inputs) };
    };
    return await takeAnswers(
      answers(),
      data,
      meaning ?? meaningOfTask(task, model.outputs[0]?.shape.at(-1) ?? 1),
      options.out,
    );
  } finally {
    model.dispose();
  }
}

/** A run that was saved, or one of own data that is on its way or was ended: its best weights so far are there. */
async function taskOfRun(folder: string): Promise<{ readonly task: string; readonly seed: number }> {
  const path = join(folder, runFiles.record);
  const text = existsSync(path) ? await withFile('read', { path }, () => readFile(path, 'utf8')) : '';
  if (!text.includes(`"format": ${RUN_FORMAT}`)) {
    const { task, summary } = await readSavedRun(folder);
    return { task, seed: summary.seed };
  }
  const { settings, task } = await readRunRecord(folder);
  if (!existsSync(join(folder, runFiles.best)))
    throw new TandemError('BAD_DATA', `${folder} has no model yet`, 'wait for its first test, or train on');
  return { task: join(folder, task), seed: Number(settings.seed ?? 0) };
}

async function open(
  task: Task,
  { data, labels, onNote, skipUnreadable = false }: AskRunOptions,
): Promise<{ readonly data: Asked; readonly meaning?: Meaning }> {
  const reading = readingOf(task);
  if (!reading) {
    const { train, test = train } = await loadData(data, task, onNote);
    return { data: askedDataset(test) };
  }
  const { preparation, chances } = reading;
  const asked = await readAsked(
    await findSource(data, labels, { mayBeOne: true }),
    withSkipping(preparation, skipUnreadable),
  );
  return { data: asked, meaning: { answer: answerOf(preparation), chances: chances ?? undefined } };
}

/** What outputs mean that no preparation speaks of: by the loss that they were trained with. */
function meaningOfTask({ loss, classes, labels }: Task, width: number): Meaning {
  const chances = chancesOf(loss);
  const name = labels[0]?.name ?? 'label';
  return { answer: chances === undefined ? plainNumber(name) : classAnswer(name, classes, width), chances };
}
