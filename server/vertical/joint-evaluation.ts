import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Lane } from '../lane/lane.js';
import type { CourseHost } from '../run/course.js';
import type { Evaluations } from '../run/evaluations.js';
import type { FusedTensors } from './fused-tensors.js';
import type { JointInput } from './joint-state.js';

/** A batch, and the parties that have sent their part of it. */
interface JointBatch {
  readonly batch: number;
  readonly clients: readonly number[];
}

export interface JointEvaluationSnapshot {
  readonly queries: readonly (readonly [number, Message<'query'>])[];
  readonly predicted: number;
}

/**
 * Takes the parties' test rows through fusion and the lane, and scores the outputs with the active party's labels. Rows to predict go the same way, without
 * a score.
 */
export class JointEvaluation {
  /** How many rows of this evaluation the present active party got predictions for. */
  private predicted = 0;
  private queries = new Map<number, Message<'query'>>();

  constructor(
    private readonly lane: Lane,
    private readonly tensors: FusedTensors,
    private readonly active: number,
    private readonly evaluations: Evaluations<unknown>,
    private readonly host: CourseHost,
    private readonly tell: (input: JointInput) => void,
  ) {}

  begin(rows: number): void {
    this.predicted = 0;
    this.evaluations.begin(rows);
  }

  /** Keeps a party's part of a batch until those of the others are there. Throws BAD_STATE for a batch out of turn. */
  keep(client: number, query: Message<'query'>, next: number): void {
    if (query.id > next) {
      throw new TandemError('BAD_STATE', `test rows of batch ${query.id} came, those of ${next} are next`);
    }
    this.queries.set(client, query);
  }

  /** The party's batch was done without it; it goes on with the next one. */
  passOver(client: number, batch: number): void {
    this.queries.delete(client);
    this.answer(client, { type: 'prediction', id: batch, loss: null, tensors: [] });
  }

  take({ batch, clients }: JointBatch, rows: number, isTest: boolean): void {
    const asked = new Map<number, Message<'query'>>();
    for (const client of clients) {
      const query = this.queries.get(client);
      this.queries.delete(client);
      if (query?.id === batch) asked.set(client, query);
    }
    const fused = this.tensors.join(new Map([...asked].map(([client, { tensors }]) => [client, tensors])), rows);
    const labels = asked.get(this.active)?.labels ?? [];
    const asking = this.host.places.of(this.active);
    this.lane.queue.add(async () => {
      const { outputs, loss } = await this.lane.predict(fused, labels);
      if (isTest) this.evaluations.count(this.active, rows, labels, { outputs, loss });
      if (isTest && asking === this.host.places.of(this.active)) this.predicted += rows;
      for (const client of asked.keys()) {
        // Only the active party gets the outputs.
        const tensors: readonly NdArray[] = client === this.active ? outputs : [];
        this.answer(client, { type: 'prediction', id: batch, loss, tensors });
      }
      this.tell({ kind: 'predicted' });
    });
  }

  /** A client that replaces the active party starts to measure from here. */
  left(client: number): void {
    if (client === this.active) this.predicted = 0;
  }

  /** Adds the active party's report, where it has the loss and measures by itself. */
  report(message: Message<'evaluated'>): void {
    this.evaluations.report(this.active, this.predicted, message);
  }

  snapshot(): JointEvaluationSnapshot {
    return { queries: [...this.queries], predicted: this.predicted };
  }

  restore({ queries, predicted }: JointEvaluationSnapshot): void {
    this.queries = new Map(queries);
    this.predicted = predicted;
  }

  private answer(client: number, message: Message<'prediction'>): void {
    this.host.places.of(client)?.dispatch({ kind: 'predicted', message });
  }
}
