import type { EarlyStoppingRule } from '../../shared/early-stopping.js';
import type { ClientAccount, EvaluationPoint, OnEvent } from '../../shared/events.js';
import type { LabelKind } from '../../shared/metrics/label-kind.js';
import { monitoredValue } from '../../shared/metrics/monitored.js';
import { fairTotal, isBetterForHalf, plainTotal } from '../../shared/metrics/fair-total.js';
import { isFiniteReport } from '../../shared/metrics/possible-report.js';
import { readScores } from '../../shared/metrics/reported-scores.js';
import { addScores, meanScores, mergeScores, noScores, type Scores } from '../../shared/metrics/scores.js';
import { areFinite, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Task } from '../../shared/task.js';
import type { Lanes } from '../lane/lanes.js';
import type { Places } from './places.js';

/** How samples are judged, and whether clients measure by themselves and report. */
export interface EvaluationJudging {
  readonly kind: LabelKind | undefined;
  readonly areReports: boolean;
}

/** A model with its scores. */
export interface KeptModel<B> {
  /** What clients hold. */
  readonly bottoms: B;
  readonly lanes: readonly (readonly NdArray[])[];
  readonly scores: Scores;
  /** The scores of each client. */
  readonly totals: readonly (readonly [number, Scores])[];
}

export interface EvaluationsSnapshot<B = unknown> {
  readonly totals: readonly (readonly [number, Scores])[];
  readonly points: readonly EvaluationPoint[];
  readonly best: KeptModel<B> | null;
  readonly evaluationBytes: number;
  readonly bytesBefore: number | null;
}

/** Adds up evaluations, whatever the order of batches and clients, and keeps the model of the best one. */
export class Evaluations<B = unknown> {
  /** By client, so that the sum does not depend on the order in which they ask. */
  private totals = new Map<number, Scores>();
  private points: EvaluationPoint[] = [];
  private best: KeptModel<B> | null = null;
  /** Bytes of all evaluations that are over, and of the whole run until the present one began; null where none is under way. */
  private evaluationBytes = 0;
  private bytesBefore: number | null = null;

  constructor(
    private readonly task: Task,
    private readonly judging: EvaluationJudging,
    private readonly lanes: Lanes,
    private readonly bottoms: { contents: B },
    private readonly places: Places,
    private readonly emit: OnEvent,
  ) {}

  /** The scores of the model that the run ends with. */
  get scores(): Scores {
    return this.best?.scores ?? this.total;
  }

  /** One point for each evaluation during the run. */
  get curve(): readonly EvaluationPoint[] {
    return this.points;
  }

  /** What clients are told at the end. */
  get means(): { readonly testAccuracy: number | null; readonly testLoss: number | null } {
    const { loss, metrics } = meanScores(this.scores);
    return { testAccuracy: metrics.accuracy ?? null, testLoss: loss };
  }

  /** Begins an evaluation of `samples` test samples. */
  begin(samples: number): void {
    this.totals = new Map();
    this.bytesBefore = totalBytes(this.places.accounts);
    this.emit({ kind: 'evaluating', samples });
  }

  /** Adds the predictions for a client's test samples. */
  count(client: number, samples: number, labels: readonly NdArray[], { outputs, loss }: Answer): void {
    // An infinite prediction is the weights' fault, so it is left out and no client refused.
    if (loss !== null && Number.isFinite(loss) && areFinite(outputs))
      this.add(client, (before) => addScores(before, this.task.metrics, labels, outputs, loss, this.judging));
    this.emit({ kind: 'evaluated', samples });
  }

  /** Adds the report of a client that has the loss and measures by itself. */
  report(client: number, samples: number, { loss, sums, confusion }: Message<'evaluated'>): void {
    if (loss === null || !isFiniteReport({ loss, sums })) return;
    const report = readScores(this.task.metrics, samples, { loss, sums, confusion });
    this.add(client, (before) => mergeScores(before, report));
  }

  /** Bytes that went into evaluations: bottoms that were given for them, questions, answers and reports. */
  get bytes(): number {
    return this.evaluationBytes;
  }

  /** Ends the evaluation under way, if there is one. */
  over(): void {
    if (this.bytesBefore === null) return;
    this.evaluationBytes += totalBytes(this.places.accounts) - this.bytesBefore;
    this.bytesBefore = null;
  }

  /** Adds a point to the curve. Returns the monitored value, null when there were no test samples. */
  score(rule: EarlyStoppingRule, round: number, { steps, samples }: { steps: number; samples: number }): number | null {
    this.over();
    if (this.total.samples === 0) return null;
    const { loss, metrics } = meanScores(this.total);
    const trainingBytes = totalBytes(this.places.accounts) - this.evaluationBytes;
    const point: EvaluationPoint = { round, steps, samples, trainingBytes, testLoss: loss, metrics };
    this.points.push(point);
    this.emit({ kind: 'scored', evaluation: point });
    return monitoredValue(rule, { loss, metrics });
  }

  /** Whether the model beats the best so far for half of the test samples, where clients judge by themselves; undefined where the monitored value decides. */
  isBetter(rule: EarlyStoppingRule): boolean | undefined {
    if (!this.judging.areReports || !this.best) return undefined;
    return isBetterForHalf(rule, new Map(this.best.totals), this.totals);
  }

  /** Keeps the model as it is now: it is the best so far. */
  async keep(): Promise<void> {
    const { contents } = this.bottoms;
    this.best = { bottoms: contents, lanes: await this.lanes.weights(), scores: this.total, totals: [...this.totals] };
  }

  /** Goes back to the model that was kept, if one was. */
  async restore(): Promise<void> {
    if (!this.best) return;
    this.bottoms.contents = this.best.bottoms;
    await this.lanes.setWeights(this.best.lanes);
  }

  snapshot(): EvaluationsSnapshot<B> {
    const { totals, points, best, evaluationBytes, bytesBefore } = this;
    return { totals: [...totals], points: [...points], best, evaluationBytes, bytesBefore };
  }

  goOn({ totals, points, best, evaluationBytes, bytesBefore }: EvaluationsSnapshot<B>): void {
    this.totals = new Map(totals);
    this.points = [...points];
    this.best = best;
    this.evaluationBytes = evaluationBytes;
    this.bytesBefore = bytesBefore;
  }

  private add(client: number, change: (before: Scores) => Scores): void {
    this.totals.set(client, change(this.totals.get(client) ?? noScores));
  }

  private get total(): Scores {
    return this.judging.areReports ? fairTotal(this.totals) : plainTotal(this.totals);
  }
}

interface Answer {
  readonly outputs: readonly NdArray[];
  readonly loss: number | null;
}

function totalBytes(accounts: readonly ClientAccount[]): number {
  return accounts.reduce((sum, { bytes }) => sum + bytes.total, 0);
}
