import type { Batch } from '../shared/data/dataset.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { NdArray } from '../shared/ndarray.js';
import { Link } from '../shared/protocol/link.js';
import type { Message, MessageName } from '../shared/protocol/messages.js';
import type { Transport } from '../shared/transport/transport.js';
import { openParty } from './open-party.js';
import { WholeParty } from './whole-party.js';
import { fromServer } from './session-reducer.js';

/** Predictions of one batch: `outputs` of the whole model, and the loss where labels were given. */
export interface Prediction {
  readonly outputs: readonly NdArray[];
  readonly loss: number | null;
}

/**
 * Split inference: runs the bottom here, sends smashed data, yields what the server's part makes of them, through the top
 * where that is here too; a whole model needs nobody. Labels are sent only where a batch has them and the server has the loss. Throws what the server refuses, and BAD_SHAPE when a batch does not fit the model.
 */
export async function* predictOver(
  transport: Transport,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  engine: Engine,
): AsyncGenerator<Prediction, void> {
  const link = new Link(transport);
  const messages = link.messages();
  let party: ReturnType<typeof openParty>['party'] | undefined;
  try {
    link.send({
      type: 'hello',
      role: 'infer',
      shard: null,
      party: null,
      engine: engine.label,
      resumes: false,
      segments: null,
    });
    const { seed, client, batch: maxRows } = await next(messages, 'welcome');
    const { payload } = await next(messages, 'model');
    ({ party } = openParty(payload, engine, { seed, client, maxRows }));
    await party.load(await next(messages, 'bottom'));
    let id = 0;
    for await (const batch of batches) {
      if (party instanceof WholeParty) {
        yield await party.predict(batch);
        continue;
      }
      link.send(await party.query(batch, id++));
      yield await party.finish(await next(messages, 'prediction'));
    }
    link.send({ type: 'bye' });
  } finally {
    link.close();
    party?.dispose();
  }
}

async function next<N extends MessageName>(messages: AsyncGenerator<Message, void>, name: N): Promise<Message<N>> {
  const { value: message } = await messages.next();
  if (!message) throw new TandemError('LINK_LOST', `the server closed the link before its '${name}'`);
  if (message.type === 'error') throw fromServer(message);
  if (message.type !== name) throw new TandemError('BAD_STATE', `'${message.type}' came where '${name}' was expected`);
  return message as Message<N>;
}
