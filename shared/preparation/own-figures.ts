import type { Answer } from './preparation.js';
import { addScores, meanScores, noScores, type Scores } from '../metrics/scores.js';
import type { MetricName } from '../metrics/metrics.js';
import { float32, int32 } from '../ndarray.js';

/** How good answers are where labels are known: classes by accuracy and, of two, AUC; numbers by their errors, in their own unit. */
export class OwnFigures {
  private scores: Scores = noScores;
  private readonly metrics: readonly MetricName[];
  private readonly errors = new Errors();

  constructor(private readonly answer: Answer) {
    this.metrics =
      answer.kind === 'number' ? [] : ['accuracy', ...(answer.classes.length === 2 ? ['auc' as const] : [])];
  }

  /** Labels as the model is trained on, NaN where there is none, and so many outputs each. */
  add(labels: readonly number[], outputs: Float32Array): void {
    const width = outputs.length / labels.length;
    const known = [...labels.keys()].filter((row) => !Number.isNaN(labels[row]));
    if (known.length === 0) return;
    const own = known.map((row) => labels[row] ?? NaN);
    if (this.answer.kind === 'number') {
      const { mean, deviation } = this.answer;
      known.forEach((row, i) =>
        this.errors.add((own[i] ?? NaN) * deviation + mean, (outputs[row * width] ?? NaN) * deviation + mean),
      );
      return;
    }
    const values = known.flatMap((row) => Array.from(outputs.subarray(row * width, (row + 1) * width)));
    this.scores = addScores(
      this.scores,
      this.metrics,
      [int32([own.length], own)],
      [float32([own.length, width], values)],
      0,
    );
  }

  get figures(): Readonly<Record<string, number>> {
    if (this.answer.kind === 'number') return this.errors.figures;
    return Object.fromEntries(
      Object.entries(meanScores(this.scores).metrics).flatMap(([name, value]) =>
        typeof value === 'number' ? [[name, value] as const] : [],
      ),
    );
  }
}

/** The errors in their unit, and the share of the variance of labels that is explained. */
class Errors {
  private count = 0;
  private mean = 0;
  /** Of labels from their mean, added up as they come (Welford, 1962): labels may be far from 0. */
  private variation = 0;
  private sum = 0;
  private squares = 0;

  add(label: number, predicted: number): void {
    const step = label - this.mean;
    this.mean += step / ++this.count;
    this.variation += step * (label - this.mean);
    this.sum += Math.abs(label - predicted);
    this.squares += (label - predicted) ** 2;
  }

  get figures(): Readonly<Record<string, number>> {
    const { count, variation, sum, squares } = this;
    if (count === 0) return {};
    const errors = { meanAbsoluteError: sum / count, rootMeanSquaredError: Math.sqrt(squares / count) };
    return count > 1 && variation > 0 ? { ...errors, r2: 1 - squares / variation } : errors;
  }
}
