import { TandemError, isRefusalCode } from '../shared/errors.js';
import { Link } from '../shared/protocol/link.js';
import type { Message, MessageName } from '../shared/protocol/messages.js';
import type { Transport } from '../shared/transport/transport.js';
import { SplitModel } from './split-model.js';

/** What a relay learns of the run above it before anybody joins. */
export interface RunAbove {
  readonly run: string;
  readonly task: string;
  /** The largest message a client of the relay has reason to send. */
  readonly maxMessageBytes: number;
  /** The layers the relay keeps, for people. */
  readonly layers: readonly string[];
}

/**
 * A relay's own link to the server, as one that only infers: it tells the relay what the model is, so that a relay that
 * cannot work says so at once, and it ends when the server does.
 */
export class Watch {
  private constructor(
    private readonly link: Link,
    readonly above: RunAbove,
    /** Resolves when the server has closed the link, with its reason if it gave one. */
    readonly ended: Promise<TandemError>,
  ) {}

  /** Throws what the server refuses, LINK_LOST, BAD_MESSAGE, and BAD_OPTION when no segment would be left for clients. */
  static async open(transport: Transport, keep: number, engine: string): Promise<Watch> {
    const link = new Link(transport);
    const messages = link.messages();
    try {
      const none = { shard: null, party: null, resumes: false, segments: null, bottom: null };
      link.send({ type: 'hello', role: 'infer', engine: `relay, ${engine}`, ...none });
      const { run, task, batch } = await next(messages, 'welcome');
      const model = SplitModel.open((await next(messages, 'model')).payload, keep);
      const { maxMessageBytes } = model.contract(batch);
      const layers = model.own.flatMap(({ spec }) => spec.weights.map(({ layer }) => layer));
      return new Watch(link, { run, task, maxMessageBytes, layers: [...new Set(layers)] }, endOf(messages));
    } catch (error) {
      link.close();
      throw error;
    }
  }

  close(): void {
    try {
      this.link.send({ type: 'bye' });
    } catch {
      // The server has gone first.
    }
    this.link.close();
  }
}

/** Reads on, whatever comes, until nothing comes any more. */
async function endOf(messages: AsyncGenerator<Message, void>): Promise<TandemError> {
  try {
    for await (const message of messages) if (message.type === 'error') return refusal(message);
    return new TandemError('LINK_LOST', 'the server closed the link');
  } catch (error) {
    return error instanceof TandemError ? error : new TandemError('INTERNAL', String(error));
  }
}

async function next<N extends MessageName>(messages: AsyncGenerator<Message, void>, name: N): Promise<Message<N>> {
  const { value: message } = await messages.next();
  if (!message) throw new TandemError('LINK_LOST', `the server closed the link before its '${name}'`);
  if (message.type === 'error') throw refusal(message);
  if (message.type !== name) throw new TandemError('BAD_STATE', `'${message.type}' came where '${name}' was expected`);
  return message as Message<N>;
}

function refusal({ code, message, action, step }: Message<'error'>): TandemError {
  const known = isRefusalCode(code) ? code : 'INTERNAL';
  return new TandemError(known, `the server refused: ${message}`, action, step ?? undefined);
}
