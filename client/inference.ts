import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { Message, MessageName } from '../shared/protocol/messages.js';
import type { Link } from '../shared/protocol/link.js';
import { decodeModelDefinition, type ModelDefinition } from '../shared/protocol/model-definition.js';
import type { BottomTrainer } from './bottom-trainer.js';
import { helloOf } from './hello.js';
import { openTrainer } from './open-trainer.js';
import { refusedBy } from '../shared/protocol/refusal-message.js';
import type { WholeTrainer } from './whole-trainer.js';

/** A link with the role infer, and the client's segments with the weights they have now. */
export interface Inference {
  readonly welcome: Message<'welcome'>;
  readonly definition: ModelDefinition;
  readonly trainer: BottomTrainer | WholeTrainer;
  readonly messages: AsyncGenerator<Message, void>;
}

/** Which part to open, where clients hold different ones. */
export interface PartChoice {
  /** One of the task's further bottoms. */
  readonly bottom?: string | null | undefined;
  /** A party of a vertical run, by its name. */
  readonly party?: string | null | undefined;
}

/** Says hello, takes the model's definition and its weights. Throws the server's refusal. */
export async function openInference(
  link: Link,
  engine: Engine,
  { bottom = null, party = null }: PartChoice = {},
): Promise<Inference> {
  const messages = link.messages();
  link.send(helloOf({ role: 'infer', engine: engine.label, bottom, party }));
  const welcome = await nextMessage(messages, 'welcome');
  const { payload } = await nextMessage(messages, 'model');
  const { seed, client, batch: maxRows } = welcome;
  const { trainer } = openTrainer(payload, engine, { seed, client, maxRows });
  try {
    await trainer.load(await nextMessage(messages, 'bottom'));
  } catch (error) {
    trainer.dispose();
    throw error;
  }
  return { welcome, definition: decodeModelDefinition(payload), trainer, messages };
}

/** The next message, which is to be of one of these names. Throws LINK_LOST, BAD_STATE and the server's refusal. */
export async function nextMessage<N extends MessageName>(
  messages: AsyncGenerator<Message, void>,
  ...names: N[]
): Promise<Message<N>> {
  const { value: message } = await messages.next();
  const name = names.join("' or '");
  if (!message) throw new TandemError('LINK_LOST', `the server closed the link before its '${name}'`);
  if (message.type === 'error') throw refusedBy(message);
  if (!names.some((expected) => expected === message.type))
    throw new TandemError('BAD_STATE', `'${message.type}' came where '${name}' was expected`);
  return message as Message<N>;
}
