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

/** How samples are judged, and whether clients measure themselves, and report. */
export interface EvaluationJudging {
  readonly kind: LabelKind | undefined;
  readonly areReports: boolean;
}

/** The model of one evaluation, and what it came to. */
export interface KeptModel<B> {
  /** What clients hold. */
  readonly bottoms: B;
  readonly lanes: readonly (readonly NdArray[])[];
  readonly scores: Scores;
  /** What it came to for each client. */
  readonly totals: readonly (readonly [number, Scores])[];
}

export interface EvaluationsSnapshot<B = unknown> {
  readonly totals: readonly (readonly [number, Scores])[];
  readonly points: readonly EvaluationPoint[];
  readonly best: KeptModel<B> | null;
  readonly evaluationBytes: number;
  readonly bytesBefore: number | null;
}

/** What evaluations come to, which does not depend on the order of batches and clients, and the model of the best one. */
export class Evaluations<B = unknown> {
  /** By client, so that the order in which they ask changes no bit. */
  private totals = new Map<number, Scores>();
  private points: EvaluationPoint[] = [];
  private best: KeptModel<B> | null = null;
  /** Bytes of all evaluations that are over, and of everything until this one began; null where none is under way. */
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

  /** Those of the model that the run ends with. */
  get scores(): Scores {
    return this.best?.scores ?? this.total;
  }

  /** One point an evaluation, where they decide something. */
  get curve(): readonly EvaluationPoint[] {
    return this.points;
  }

  /** For the clients, at the end. */
  get means(): { readonly testAccuracy: number | null; readonly testLoss: number | null } {
    const { loss, metrics } = meanScores(this.scores);
    return { testAccuracy: metrics.accuracy ?? null, testLoss: loss };
  }

  /** The model is judged as it is now; clients have `samples` test samples. */
  begin(samples: number): void {
    this.totals = new Map();
    this.bytesBefore = totalBytes(this.places.accounts);
    this.emit({ kind: 'evaluating', samples });
  }

  /** What the model said of so many test samples of a client, and how wrong it was. */
  count(client: number, samples: number, labels: readonly NdArray[], { outputs, loss }: Answer): void {
    // What the weights make of valid data is not the client's fault, and says nothing of others' data.
    if (loss !== null && Number.isFinite(loss) && areFinite(outputs))
      this.add(client, (before) => addScores(before, this.task.metrics, labels, outputs, loss, this.judging));
    this.emit({ kind: 'evaluated', samples });
  }

  /** What a client that has the loss has measured itself, of so many samples. */
  report(client: number, samples: number, { loss, sums, confusion }: Message<'evaluated'>): void {
    if (loss === null || !isFiniteReport({ loss, sums })) return;
    const report = readScores(this.task.metrics, samples, { loss, sums, confusion });
    this.add(client, (before) => mergeScores(before, report));
  }

  /** Bytes that went into evaluations: bottoms that were given for them, questions, answers and reports. */
  get bytes(): number {
    return this.evaluationBytes;
  }

  /** The evaluation under way, if there is one, is over: what comes now is none of it. */
  over(): void {
    if (this.bytesBefore === null) return;
    this.evaluationBytes += totalBytes(this.places.accounts) - this.bytesBefore;
    this.bytesBefore = null;
  }

  /** Adds a point to the curve; returns the value that is monitored, null when nobody had test samples. */
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

  /** Whether the model is better than the best so far, where clients say so; undefined where the value that is monitored decides. */
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
