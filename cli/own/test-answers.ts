import * as tf from '@tensorflow/tfjs';
import { consecutiveBatches } from '../../shared/data/batch-order.js';
import { originOf, type Dataset } from '../../shared/data/dataset.js';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';
import { buildModel } from '../../shared/model/build.js';
import { writeModelWeights } from '../../shared/model/weights.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Answer } from '../../shared/preparation/preparation.js';
import type { Task } from '../../shared/task.js';
import { csvCells } from './csv-cells.js';

/** What a model says of test rows, in words and units, and figures that need all of them. */
export interface TestAnswers {
  readonly csv: string;
  readonly figures: Readonly<Record<string, number>>;
}

const ROWS = 256;
/** Probabilities of more classes are no table for anybody. */
const MOST_PROBABILITIES = 100;

/** Asks the whole model, merged here, about each test row. */
export async function testAnswers(
  task: Task,
  seed: number,
  weights: readonly NdArray[],
  test: Dataset,
  answer: Answer,
): Promise<TestAnswers> {
  await useBestBackend();
  const model = await buildModel(task, seed);
  writeModelWeights(model, weights);
  const names = answer.kind === 'classes' && answer.classes.length <= MOST_PROBABILITIES ? answer.classes : [];
  const lines = [csvCells(['row', 'label', 'predicted', ...names.map((name) => `p(${name})`)])];
  const errors = new Errors();
  for (const rows of consecutiveBatches(test.size, ROWS)) {
    const { inputs, labels } = await test.batch(rows);
    const outputs = await outputsOf(model, inputs);
    const width = outputs.length / rows.length;
    rows.forEach((row, i) => {
      const label = labels[0]?.data[i] ?? NaN;
      const own = outputs.subarray(i * width, (i + 1) * width);
      const said = answersOf(answer, own, label);
      if (answer.kind === 'number') errors.add(Number(said.label), Number(said.predicted));
      const chances = names.map((_, n) => String(said.chances[n] ?? ''));
      lines.push(csvCells([String(originOf(test, row)), said.label, said.predicted, ...chances]));
    });
  }
  model.dispose();
  return { csv: lines.join(''), figures: answer.kind === 'number' ? errors.figures : {} };
}

function answersOf(answer: Answer, outputs: Float32Array, label: number) {
  if (answer.kind === 'number') {
    const inUnit = (value: number) => String(value * answer.deviation + answer.mean);
    return { label: inUnit(label), predicted: inUnit(outputs[0] ?? NaN), chances: [] };
  }
  const best = outputs.reduce((found, value, i) => (value > (outputs[found] ?? -Infinity) ? i : found), 0);
  const chances = softmax(outputs);
  return { label: answer.classes[label] ?? '', predicted: answer.classes[best] ?? '', chances };
}

function softmax(logits: Float32Array): number[] {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Array.from(logits, (value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

async function outputsOf(model: tf.LayersModel, inputs: readonly NdArray[]): Promise<Float32Array> {
  const tensors = inputs.map(({ dtype, shape, data }) =>
    tf.tensor(data, [...shape], dtype === 'float32' ? 'float32' : 'int32'),
  );
  const answers = [model.predict(tensors.length === 1 ? (tensors[0] as tf.Tensor) : tensors)].flat();
  const values = (await answers[0]?.data()) as Float32Array;
  tf.dispose([tensors, answers]);
  return values;
}

/** The share of the variance of labels that is explained, and the errors in their unit. */
class Errors {
  private count = 0;
  private labelSum = 0;
  private labelSquares = 0;
  private squares = 0;

  add(label: number, predicted: number): void {
    this.count++;
    this.labelSum += label;
    this.labelSquares += label * label;
    this.squares += (label - predicted) ** 2;
  }

  get figures(): Readonly<Record<string, number>> {
    const variation = this.labelSquares - this.labelSum ** 2 / this.count;
    return this.count > 1 && variation > 0 ? { r2: 1 - this.squares / variation } : {};
  }
}
