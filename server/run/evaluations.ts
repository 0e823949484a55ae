import type { WatchRule } from '../../shared/early-stopping.js';
import type { ClientAccount, EvaluationPoint, RunEvent } from '../../shared/events.js';
import type { LabelKind } from '../../shared/metrics/label-kind.js';
import { monitoredValue } from '../../shared/metrics/monitored.js';
import { fairTotal, isBetterForHalf, plainTotal } from '../../shared/metrics/fair-total.js';
import { isFiniteReport } from '../../shared/metrics/possible-report.js';
import { readScores } from '../../shared/metrics/reported-scores.js';
import { addScores, meanScores, mergeScores, noScores, type Scores } from '../../shared/metrics/scores.js';
import { areFinite, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Task } from '../../shared/task.js';
import type { Party } from '../session/party.js';
import type { BottomContents, Bottoms } from './bottoms.js';
import type { Lanes } from './lanes.js';
import type { Places } from './places.js';
import type { TellModel } from './told-models.js';
import type { ToldModel } from './trained-model.js';

/** Queries of a client under way at once: over a link with a long way to go, one at a time would wait for it each time. */
const AHEAD = 16;

/** What evaluations need of their run. */
export interface EvaluationHost {
  /** Does one thing at a time on a client's lane; an error costs the party. */
  onLane(client: number | null, work: () => Promise<void>, party: Party): void;
  /** Whether the evaluation under way waits for a client; what others send does not count in it. */
  isEvaluating(client: number): boolean;
  /** A question of a client is answered. */
  predicted(client: number): void;
  emit(event: RunEvent): void;
  /** Where somebody keeps the models of tests. */
  readonly tellModel?: TellModel | undefined;
}

/** How samples are judged, and whether clients measure themselves, and report. */
export interface EvaluationJudging {
  readonly kind: LabelKind | undefined;
  readonly areReports: boolean;
}

/** The model of one evaluation, and what it came to. */
export interface KeptModel {
  readonly bottoms: BottomContents;
  readonly lanes: readonly (readonly NdArray[])[];
  readonly scores: Scores;
  /** What it came to for each client. */
  readonly totals: readonly (readonly [number, Scores])[];
}

export interface EvaluationsSnapshot {
  readonly totals: readonly (readonly [number, Scores])[];
  readonly points: readonly EvaluationPoint[];
  readonly best: KeptModel | null;
  readonly evaluationBytes: number;
  readonly bytesBefore: number;
}

/** Takes clients' test samples through the lanes; what they add up to does not depend on the order of batches and clients. */
export class Evaluations {
  /** By client, so that the order in which they ask changes no bit. */
  private totals = new Map<number, Scores>();
  private points: EvaluationPoint[] = [];
  private best: KeptModel | null = null;
  /** Bytes of all evaluations that are over, and of everything until this one began. */
  private evaluationBytes = 0;
  private bytesBefore = 0;

  constructor(
    private readonly task: Task,
    private readonly judging: EvaluationJudging,
    private readonly lanes: Lanes,
    private readonly bottoms: Bottoms,
    private readonly places: Places,
    private readonly host: EvaluationHost,
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

  /** Asks clients to evaluate the model as it is now; they have `samples` test samples. */
  begin(round: number, clients: readonly number[], samples: number): void {
    this.totals = new Map();
    this.bytesBefore = totalBytes(this.places.accounts);
    this.host.emit({ kind: 'evaluating', samples });
    for (const client of clients) {
      const party = this.places.of(client);
      if (!this.bottoms.keeps(client)) party?.send(this.bottoms.message(round, party.holding));
      party?.dispatch({ kind: 'evaluate', round, ahead: AHEAD });
    }
  }

  /** Answers test samples of an evaluation, or of a client that only infers. */
  query(party: Party, { id, tensors, labels }: Message<'query'>): void {
    this.host.onLane(
      party.client,
      async () => {
        const lane = party.client === null ? await this.lanes.averaged() : this.lanes.of(party.client);
        const { outputs, loss } = await lane.predict(tensors, labels, party.holding.entry);
        if (this.counts(party)) {
          const samples = tensors[0]?.shape[0] ?? 0;
          const { task, judging } = this;
          // What the weights make of sound data is not the client's fault, and says nothing of others' data.
          if (loss !== null && Number.isFinite(loss) && areFinite(outputs))
            this.add(party, (before) => addScores(before, task.metrics, labels, outputs, loss, judging));
          this.host.emit({ kind: 'evaluated', samples });
        }
        if (party.client !== null) this.host.predicted(party.client);
        party.dispatch({ kind: 'predicted', message: { type: 'prediction', id, loss, tensors: outputs } });
      },
      party,
    );
  }

  /** What a client that has the loss has measured itself, of as many samples as it asked about. */
  report(party: Party, { loss, sums, confusion }: Message<'evaluated'>): void {
    if (loss === null || !this.counts(party)) return;
    if (!isFiniteReport({ loss, sums })) return;
    const report = readScores(this.task.metrics, party.tested, { loss, sums, confusion });
    this.add(party, (before) => mergeScores(before, report));
  }

  /** Adds a point to the curve; answers the value that is monitored, null when nobody had test samples. */
  score(rule: WatchRule, round: number, { steps, samples }: { steps: number; samples: number }): number | null {
    this.evaluationBytes += totalBytes(this.places.accounts) - this.bytesBefore;
    if (this.total.samples === 0) return null;
    const { loss, metrics } = meanScores(this.total);
    const trainingBytes = totalBytes(this.places.accounts) - this.evaluationBytes;
    const point: EvaluationPoint = { round, steps, samples, trainingBytes, testLoss: loss, metrics };
    this.points.push(point);
    this.host.emit({ kind: 'scored', evaluation: point });
    return monitoredValue(rule, { loss, metrics });
  }

  /** Whether the model is better than the best so far, where clients say so; undefined where the value that is monitored decides. */
  isBetter(rule: WatchRule): boolean | undefined {
    if (!this.judging.areReports || !this.best) return undefined;
    return isBetterForHalf(rule, new Map(this.best.totals), this.totals);
  }

  /** Keeps the model as it is now: it is the best so far. */
  async keep(): Promise<void> {
    const { contents } = this.bottoms;
    this.best = { bottoms: contents, lanes: await this.lanes.weights(), scores: this.total, totals: [...this.totals] };
    await this.tell('best');
  }

  /** Tells of the model as it is now. */
  async tell(which: ToldModel['which']): Promise<void> {
    await this.host.tellModel?.(which, this.bottoms.weights, await this.lanes.weights());
  }

  /** Goes back to the model that was kept, if one was. */
  async restore(): Promise<void> {
    if (!this.best) return;
    this.bottoms.contents = this.best.bottoms;
    await this.lanes.setWeights(this.best.lanes);
  }

  snapshot(): EvaluationsSnapshot {
    const { totals, points, best, evaluationBytes, bytesBefore } = this;
    return { totals: [...totals], points: [...points], best, evaluationBytes, bytesBefore };
  }

  goOn({ totals, points, best, evaluationBytes, bytesBefore }: EvaluationsSnapshot): void {
    this.totals = new Map(totals);
    this.points = [...points];
    this.best = best;
    this.evaluationBytes = evaluationBytes;
    this.bytesBefore = bytesBefore;
  }

  private add({ client }: Party, change: (before: Scores) => Scores): void {
    this.totals.set(client ?? -1, change(this.totals.get(client ?? -1) ?? noScores));
  }

  private get total(): Scores {
    return this.judging.areReports ? fairTotal(this.totals) : plainTotal(this.totals);
  }

  private counts({ client }: Party): boolean {
    return client !== null && this.host.isEvaluating(client);
  }
}

function totalBytes(accounts: readonly ClientAccount[]): number {
  return accounts.reduce((sum, { bytes }) => sum + bytes.total, 0);
}
