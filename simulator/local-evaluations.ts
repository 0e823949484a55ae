import { earlyStoppingRule, type RunSettings } from '../shared/config.js';
import { consecutiveBatches } from '../shared/data/batch-order.js';
import type { Batch, ClientData, Dataset } from '../shared/data/dataset.js';
import {
  isDue,
  isExhausted,
  notEvaluated,
  afterEvaluation,
  type EarlyStopping,
  type EarlyStoppingRule,
} from '../shared/early-stopping.js';
import type { Segment } from '../shared/engine/engine.js';
import type { EvaluationPoint, OnEvent } from '../shared/events.js';
import type { LabelKind } from '../shared/metrics/label-kind.js';
import { monitoredValue } from '../shared/metrics/monitored.js';
import { addScores, meanScores, noScores, type Scores } from '../shared/metrics/scores.js';
import type { NdArray } from '../shared/ndarray.js';
import type { Task } from '../shared/task.js';

export interface LocalEvaluationOptions {
  readonly task: Task;
  readonly settings: RunSettings;
  readonly data: ClientData;
  readonly kind: LabelKind | undefined;
  /** Reads samples, checked as a client checks them. */
  readonly read: (dataset: Dataset, rows: ArrayLike<number>, what: string) => Promise<Batch>;
  readonly onEvent?: OnEvent;
}

/** The evaluations of a run in one process, by the same rules as those of a server's run. */
export class LocalEvaluations {
  readonly curve: EvaluationPoint[] = [];
  private readonly rule: EarlyStoppingRule | undefined;
  private earlyStopping: EarlyStopping = notEvaluated;
  private total: Scores = noScores;
  private kept: { readonly weights: readonly NdArray[]; readonly scores: Scores } | null = null;

  constructor(
    private readonly options: LocalEvaluationOptions,
    private readonly segment: Segment,
  ) {
    this.rule = earlyStoppingRule(options.task, options.settings);
  }

  /** Whether the run has gone on for long enough without a better evaluation. */
  get exhausted(): boolean {
    return this.rule !== undefined && isExhausted(this.rule, this.earlyStopping);
  }

  get best(): EarlyStopping['best'] {
    return this.earlyStopping.best;
  }

  /** Those of the model that the run ends with. */
  get scores(): Scores {
    return this.kept?.scores ?? this.total;
  }

  /** The weights that the run ends with. */
  async weights(): Promise<readonly NdArray[]> {
    return this.kept?.weights ?? (await this.segment.weights());
  }

  /** Evaluates if it is time for it. `round` counts the rounds done. */
  async after(round: number, at: { readonly steps: number; readonly samples: number; readonly last: boolean }) {
    const { rule, earlyStopping } = this;
    if (!at.last && !(rule && isDue(rule, earlyStopping, round))) return;
    await this.evaluate();
    if (!rule) return;
    const { loss, metrics } = meanScores(this.total);
    const value = this.total.samples > 0 ? monitoredValue(rule, { loss, metrics }) : null;
    if (this.total.samples > 0) {
      const { steps, samples } = at;
      const point = { round, steps, samples, trainingBytes: 0, testLoss: loss, metrics };
      this.curve.push(point);
      this.options.onEvent?.({ kind: 'scored', evaluation: point });
    }
    this.earlyStopping = afterEvaluation(rule, earlyStopping, round, value);
    if (this.earlyStopping.best !== earlyStopping.best)
      this.kept = { weights: await this.segment.weights(), scores: this.total };
  }

  private async evaluate(): Promise<void> {
    const { task, settings, data, kind, read, onEvent } = this.options;
    this.total = noScores;
    if (!data.test) return;
    onEvent?.({ kind: 'evaluating', samples: data.test.size });
    for (const rows of consecutiveBatches(data.test.size, settings.batch)) {
      const batch = await read(data.test, rows, 'test');
      const { outputs, loss = NaN } = await this.segment.predict(batch);
      this.total = addScores(this.total, task.metrics, batch.labels, outputs, loss, { kind });
      onEvent?.({ kind: 'evaluated', samples: rows.length });
    }
  }
}
