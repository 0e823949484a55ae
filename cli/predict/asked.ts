import type { AskedData } from '../../client/node/own/asked-data.js';
import { consecutiveBatches } from '../../shared/data/batch-order.js';
import type { Dataset } from '../../shared/data/dataset.js';
import { readRows } from '../../shared/data/check-dataset.js';
import type { Chances } from '../../shared/model/chances.js';
import type { NdArray } from '../../shared/ndarray.js';
import { AnswerTable } from '../../shared/preparation/answer-table.js';
import { OwnFigures } from '../../shared/preparation/own-figures.js';
import type { Answer } from '../../shared/preparation/preparation.js';
import { AnswersFile } from './answers-file.js';

/** What is asked of data, whoever has read them. */
export type Asked = Omit<AskedData, 'raw'>;

/** What a model's outputs mean. */
export interface Meaning {
  readonly answer: Answer;
  readonly chances: Chances | undefined;
}

/** Some samples, and what the model answers: its first output, row by row. */
export interface Answered {
  readonly rows: Int32Array;
  readonly outputs: Float32Array;
}

/** Classes by their names, or by their numbers where nobody has named them. */
export function classAnswer(name: string, classes: readonly string[] | undefined, width: number): Answer {
  const numbers = () => Array.from({ length: Math.max(2, width) }, (_, i) => String(i));
  return { kind: 'classes', name, classes: classes ?? numbers() };
}

/** A number in no other unit than the model's own. */
export function plainNumber(name: string): Answer {
  return { kind: 'number', name, mean: 0, deviation: 1 };
}

export interface Figures {
  readonly samples: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** The first samples in batches, as inputs alone: labels are compared here. */
export async function* inputsOf(
  data: Asked,
  size: number,
  batch: number,
): AsyncGenerator<{ readonly rows: Int32Array; readonly inputs: NdArray[] }> {
  for (const rows of consecutiveBatches(size, batch)) yield { rows, inputs: await data.inputs(rows) };
}

/** Writes down what a model answers as it does, and judges it where there are labels. Throws CANNOT_WRITE. */
export async function takeAnswers(
  answered: AsyncIterable<Answered>,
  data: Asked,
  { answer, chances }: Meaning,
  out: string | undefined,
): Promise<Figures> {
  const { hasLabels, ids } = data;
  const table = new AnswerTable({ answer, chances, hasLabels, idName: ids?.name });
  const figures = new OwnFigures(answer);
  const file = out === undefined ? undefined : await AnswersFile.open(out);
  let samples = 0;
  try {
    await file?.write(table.head);
    for await (const { rows, outputs } of answered) {
      const width = outputs.length / rows.length;
      const labels = Array.from(rows, (row) => data.label(row));
      if (hasLabels) figures.add(labels, outputs);
      const lines = Array.from(rows, (row, i) => {
        const own = outputs.subarray(i * width, (i + 1) * width);
        return table.line({ row, id: ids?.of(row), label: labels[i] ?? NaN, outputs: own });
      });
      await file?.write(lines.join(''));
      samples += rows.length;
    }
    await file?.close();
  } catch (error) {
    await file?.drop();
    throw error;
  }
  return { samples, metrics: figures.figures };
}

/** Samples of a data set that was read for training, as ones that are asked about. */
export function askedDataset(dataset: Dataset): Asked {
  return {
    size: dataset.size,
    inputs: async (rows) => (await readRows(dataset, rows, 'data')).inputs,
    hasLabels: true,
    label: (row) => dataset.label(row),
    notes: [],
  };
}
