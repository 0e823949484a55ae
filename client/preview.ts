import type { Dataset } from '../shared/data/dataset.js';
import type { RunNames } from '../shared/data/run-names.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import { countWeights } from '../shared/model/count-weights.js';
import type { NdArray, TensorSpec } from '../shared/ndarray.js';
import { Link } from '../shared/protocol/link.js';
import { encodeMessage } from '../shared/protocol/message-codec.js';
import { plainLine } from '../shared/plain-line.js';
import type { Preparation } from '../shared/preparation/preparation.js';
import type { Sends } from '../shared/run-card.js';
import { sendsOf } from '../shared/sends-of.js';
import type { LabelSpec } from '../shared/task.js';
import type { Transport } from '../shared/transport/transport.js';
import type { PartyName } from './participate-options.js';
import { openInference, type Inference } from './inference.js';
import { WholeTrainer } from './whole-trainer.js';

/** What somebody should know about a run before taking part. */
export interface RunFacts {
  readonly run: string;
  readonly task: string;
  readonly clients: number;
  readonly batch: number;
  /** The model's input, batch excluded. */
  readonly inputs: readonly TensorSpec[];
  readonly labels: readonly LabelSpec[];
  /** What label numbers and columns stand for, where the run says so. */
  readonly names: RunNames;
  readonly sends: Sends;
  /** How often the server goes through what it keeps of it; null where it keeps nothing. */
  readonly keeps: number | null;
  readonly bottomWeights: number;
  /** What kind of raw data the run says how to read; none where it does not say. */
  readonly reads?: Preparation['kind'];
}

/** What a step with these samples would send: of the samples, this and nothing else. */
export interface Preview {
  readonly inputs: readonly NdArray[];
  readonly smashed: readonly NdArray[];
  /** Empty where labels stay here. */
  readonly labels: readonly NdArray[];
  /** Of the whole message. */
  readonly bytes: number;
}

/** The run's bottom with the weights it has now, to look at what it makes of samples; nothing of them is sent. */
export class Previewer {
  private constructor(private readonly inference: Inference) {}

  /** Fetches the definition and the weights over a link with the role infer, and closes it. Throws the server's refusal. */
  static async open(transport: Transport, engine: Engine, party?: PartyName): Promise<Previewer> {
    const link = new Link(transport);
    try {
      const inference = await openInference(link, engine, { party: party === undefined ? null : String(party) });
      link.send({ type: 'bye' });
      return new Previewer(inference);
    } finally {
      link.close();
    }
  }

  get facts(): RunFacts {
    const { welcome, definition } = this.inference;
    const { run, task, clients, batch } = welcome;
    return {
      run,
      task: plainLine(task),
      clients,
      batch,
      inputs: definition.segments[0]?.spec.inputs ?? [],
      labels: definition.labels,
      names: definition.names ?? {},
      sends: sendsOf(definition),
      keeps: definition.keeps ?? null,
      bottomWeights: countWeights(definition.segments),
    };
  }

  /** Computes the message of a training step with these rows. Throws BAD_SHAPE and the like where the data do not fit. */
  async of(dataset: Dataset, rows: readonly number[]): Promise<Preview> {
    const { trainer } = this.inference;
    const batch = await dataset.batch(rows.slice(0, this.inference.welcome.batch));
    trainer.check(batch);
    if (trainer instanceof WholeTrainer) return { inputs: batch.inputs, smashed: [], labels: [], bytes: 0 };
    const message = await trainer.smash(batch, 1);
    const bytes = encodeMessage(message).length;
    return { inputs: batch.inputs, smashed: message.tensors, labels: message.labels, bytes };
  }

  dispose(): void {
    this.inference.trainer.dispose();
  }
}

/** A row that is not there. Throws BAD_DATA. */
export function checkRows(dataset: Dataset, rows: readonly number[]): void {
  const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= dataset.size);
  if (wrong !== undefined) throw new TandemError('BAD_DATA', `there is no sample ${wrong} of ${dataset.size}`);
}
