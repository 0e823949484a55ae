import type { Batch } from '../shared/data/dataset.js';
import type { RunNames } from '../shared/data/run-names.js';
import type { MetricName } from '../shared/metrics/metrics.js';
import type { Engine } from '../shared/engine/engine.js';
import type { NdArray } from '../shared/ndarray.js';
import type { LabelSpec } from '../shared/task.js';
import { Link } from '../shared/protocol/link.js';
import type { Transport } from '../shared/transport/transport.js';
import type { Codec } from '../shared/wire/codec.js';
import { nextMessage, openInference, type Inference } from './inference.js';
import { WholeTrainer } from './whole-trainer.js';

/** Predictions of one batch: `outputs` of the whole model, and the loss where labels were given. */
export interface Prediction {
  readonly outputs: readonly NdArray[];
  readonly loss: number | null;
}

/** What the outputs of a run's model are judged by, for who has labels. */
export interface RunLabels {
  readonly labels: readonly LabelSpec[];
  readonly metrics: readonly MetricName[];
  /** What the run's classes and columns are called, where they have names. */
  readonly names: RunNames;
}

/**
 * Split inference: runs the bottom here, sends smashed data, yields what the server's part makes of them, through the top
 * where that is here too; a whole model needs nobody. `bottom` names one of the task's further bottoms. Labels are sent only where a batch has them and the server has the loss. Throws what the server refuses, and BAD_SHAPE when a batch does not fit the model. `onLabels` is told before the first one what labels mean in the run; `codecs` are those of a user's own that
 * the run may name.
 */
export async function* predictOver(
  transport: Transport,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  engine: Engine,
  bottom: string | null = null,
  onLabels?: (of: RunLabels) => void,
  codecs: readonly Codec[] = [],
): AsyncGenerator<Prediction, void> {
  const link = new Link(transport, codecs);
  let inference: Inference | undefined;
  try {
    inference = await openInference(link, engine, { bottom });
    const { trainer, messages, definition } = inference;
    onLabels?.({ labels: definition.labels, metrics: definition.metrics, names: definition.names ?? {} });
    let id = 0;
    for await (const batch of batches) {
      if (trainer instanceof WholeTrainer) {
        yield await trainer.predict(batch);
        continue;
      }
      for (;;) {
        link.send(await trainer.query(batch, id++));
        const answer = await nextMessage(messages, 'prediction', 'bottom');
        if (answer.type === 'prediction') {
          yield await trainer.finish(answer);
          break;
        }
        // The clients' bottoms have become new ones: it is computed with those instead.
        await trainer.load(answer);
      }
    }
    link.send({ type: 'bye' });
  } finally {
    link.close();
    inference?.trainer.dispose();
  }
}
