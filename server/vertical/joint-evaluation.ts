import { TandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import type { LabelKind } from '../../shared/metrics/label-kind.js';
import type { MetricName } from '../../shared/metrics/metrics.js';
import { isFiniteReport } from '../../shared/metrics/possible-report.js';
import { readScores } from '../../shared/metrics/reported-scores.js';
import { addScores, meanScores, mergeScores, noScores, type Scores } from '../../shared/metrics/scores.js';
import { areFinite, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Lane } from '../lane.js';
import type { Party } from '../session/party.js';
import type { FusedTensors } from './fused-tensors.js';

export interface JointEvaluationHost {
  whenFree(work: () => Promise<void>): void;
  party(party: number): Party | undefined;
  readonly active: number;
  emit(event: RunEvent): void;
  predicted(): void;
}

/** Takes the parties' test rows through fusion and the lane together; the active party's labels say how good the model is. */
export class JointEvaluation {
  private total: Scores = noScores;
  private predicted = 0;
  private readonly queries = new Map<number, Message<'query'>>();

  constructor(
    private readonly metrics: readonly MetricName[],
    private readonly kind: LabelKind | undefined,
    private readonly lane: Lane,
    private readonly tensors: FusedTensors,
    private readonly host: JointEvaluationHost,
  ) {}

  get scores(): Scores {
    return this.total;
  }

  /** For the parties, at the end. */
  get means(): { readonly testAccuracy: number | null; readonly testLoss: number | null } {
    const { loss, metrics } = meanScores(this.total);
    return { testAccuracy: metrics.accuracy ?? null, testLoss: loss };
  }

  /** Keeps a party's part of a batch until those of the others are there. Throws BAD_STATE for a batch out of turn. */
  keep(party: number, query: Message<'query'>, next: number): void {
    if (query.id > next) {
      throw new TandemError('BAD_STATE', `test rows of batch ${query.id} came, those of ${next} are next`);
    }
    this.queries.set(party, query);
  }

  /** The party's batch was done without it; it goes on with the next one. */
  passOver(party: number, batch: number): void {
    this.queries.delete(party);
    this.answer(party, { type: 'prediction', id: batch, loss: null, tensors: [] });
  }

  take(batch: number, parties: readonly number[], rows: number): void {
    const asked = new Map<number, Message<'query'>>();
    for (const party of parties) {
      const query = this.queries.get(party);
      this.queries.delete(party);
      if (query?.id === batch) asked.set(party, query);
    }
    const fused = this.tensors.join(new Map([...asked].map(([party, { tensors }]) => [party, tensors])), rows);
    const labels = asked.get(this.host.active)?.labels ?? [];
    this.host.whenFree(async () => {
      const { outputs, loss } = await this.lane.predict(fused, labels);
      // What the weights make of sound data says nothing of others' data.
      if (loss !== null && Number.isFinite(loss) && areFinite(outputs))
        this.total = addScores(this.total, this.metrics, labels, outputs, loss, { kind: this.kind });
      this.predicted += rows;
      this.host.emit({ kind: 'evaluated', samples: rows });
      for (const party of asked.keys()) {
        // What the model says of a row is for the party that has the labels.
        const tensors: readonly NdArray[] = party === this.host.active ? outputs : [];
        this.answer(party, { type: 'prediction', id: batch, loss, tensors });
      }
      this.host.predicted();
    });
  }

  /** What the active party has measured itself, where it has the loss. */
  report({ loss, sums, confusion }: Message<'evaluated'>): void {
    if (loss === null || !isFiniteReport({ loss, sums })) return;
    this.total = mergeScores(this.total, readScores(this.metrics, this.predicted, { loss, sums, confusion }));
  }

  private answer(party: number, message: Message<'prediction'>): void {
    this.host.party(party)?.dispatch({ kind: 'predicted', message });
  }
}
