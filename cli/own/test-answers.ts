import { consecutiveBatches } from '../../shared/data/batch-order.js';
import { limited, originOf, type Dataset } from '../../shared/data/dataset.js';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';
import { buildModel } from '../../shared/model/build.js';
import { chancesOf } from '../../shared/model/chances.js';
import { writeModelWeights } from '../../shared/model/weights.js';
import type { NdArray } from '../../shared/ndarray.js';
import { AnswerTable } from '../../shared/preparation/answer-table.js';
import { OwnFigures } from '../../shared/preparation/own-figures.js';
import type { Answer } from '../../shared/preparation/preparation.js';
import type { Task } from '../../shared/task.js';
import { ASKED_ROWS, askModel } from './ask-model.js';

/** What a model says of test rows, in words and units, and figures that need all of them. */
export interface TestAnswers {
  readonly csv: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** More lines are of use to nobody who looks, and would take the memory of a table that is larger than it. */
const MOST_ROWS = 100_000;

/** Asks the whole model, merged here, about each test row, or the first 100,000. */
export async function testAnswers(
  task: Task,
  seed: number,
  weights: readonly NdArray[],
  tests: Dataset,
  answer: Answer,
): Promise<TestAnswers> {
  const test = limited(tests, MOST_ROWS);
  await useBestBackend();
  const model = await buildModel(task, seed);
  writeModelWeights(model, weights);
  const table = new AnswerTable({ answer, chances: chancesOf(task.loss), hasLabels: true });
  const lines = [table.head];
  const judged = new OwnFigures(answer);
  for (const rows of consecutiveBatches(test.size, ASKED_ROWS)) {
    const { inputs, labels } = await test.batch(rows);
    const outputs = await askModel(model, inputs);
    const own = Array.from(rows, (_, i) => labels[0]?.data[i] ?? NaN);
    judged.add(own, outputs);
    const width = outputs.length / own.length;
    rows.forEach((row, i) => {
      const answers = outputs.subarray(i * width, (i + 1) * width);
      lines.push(table.line({ row: originOf(test, row), label: own[i] ?? NaN, outputs: answers }));
    });
  }
  model.dispose();
  // The run's own tests have measured the others.
  const { r2 } = judged.figures;
  return { csv: lines.join(''), figures: r2 === undefined ? {} : { r2 } };
}
