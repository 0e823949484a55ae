import type { Task } from '../../shared/task.js';
import { addScores, meanScores, noScores, type Scores } from '../../shared/metrics/scores.js';
import type { NdArray } from '../../shared/ndarray.js';

/** What the clients' test samples add up to, whatever the order of batches and clients. */
export class Evaluation {
  private total: Scores = noScores;

  constructor(private readonly task: Task) {}

  get scores(): Scores {
    return this.total;
  }

  begin(): void {
    this.total = noScores;
  }

  add(labels: readonly NdArray[], outputs: readonly NdArray[], loss: number): void {
    this.total = addScores(this.total, this.task.metrics, labels, outputs, loss);
  }

  /** For the clients, at the end. */
  get means(): { readonly testAccuracy: number | null; readonly testLoss: number | null } {
    const { loss, metrics } = meanScores(this.total);
    return { testAccuracy: metrics.accuracy ?? null, testLoss: loss };
  }
}
