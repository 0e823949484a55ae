import type { Task } from '../../shared/task.js';
import { readScores, type ReportedScores } from '../../shared/metrics/reported-scores.js';
import { addScores, meanScores, mergeScores, noScores, type Scores } from '../../shared/metrics/scores.js';
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

  /** What a client has measured itself, of as many samples as it asked about. */
  addReport(samples: number, report: ReportedScores): void {
    this.total = mergeScores(this.total, readScores(this.task.metrics, samples, report));
  }

  /** For the clients, at the end. */
  get means(): { readonly testAccuracy: number | null; readonly testLoss: number | null } {
    const { loss, metrics } = meanScores(this.total);
    return { testAccuracy: metrics.accuracy ?? null, testLoss: loss };
  }
}
