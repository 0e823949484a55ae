import { decodeModelDefinition, encodeModelDefinition } from '../shared/protocol/model-definition.js';
import { helloOf } from '../client/hello.js';
import { connectAgain, connectPatiently, type ReconnectOptions } from '../client/reconnect.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { Link } from '../shared/protocol/link.js';
import type { Message, MessageName } from '../shared/protocol/messages.js';
import { refusedBy } from '../shared/protocol/refusal-message.js';
import type { Transport } from '../shared/transport/transport.js';
import { SplitModel } from './split-model.js';

/** What a relay learns of the run above it before anybody joins. */
export interface RunAbove {
  readonly run: string;
  readonly task: string;
  /** The largest message a client of the relay has reason to send. */
  readonly maxMessageBytes: number;
  /** The same of one that only asks for predictions. */
  readonly maxQueryBytes: number;
  /** The layers the relay keeps, for people. */
  readonly layers: readonly string[];
}

interface Look {
  readonly link: Link;
  readonly messages: AsyncGenerator<Message, void>;
  readonly above: RunAbove;
  /** The payload of `model`. */
  readonly model: Uint8Array;
}

/**
 * The relay's own link to the server, with the role infer. It brings the model before any client comes, so that a relay that
 * cannot work says so at once, and it ends when the server does. A link that is merely lost is opened again.
 */
export class RelayLink {
  /** Whether the relay still waits for something, so that a lost link is worth opening again. */
  needed = true;
  /** Resolves when the server has ended, with its reason if it gave one. */
  readonly ended: Promise<TandemError>;
  private closed = false;

  private constructor(
    private look: Look,
    private readonly reconnect: ReconnectOptions,
    private readonly again: (transport: Transport) => Promise<Look>,
  ) {
    this.ended = this.follow();
  }

  /** Throws UNREACHABLE, what the server refuses, LINK_LOST, BAD_MESSAGE, and BAD_OPTION when no segment would be left for clients. */
  static async open(reconnect: ReconnectOptions, keep: number, engine: string): Promise<RelayLink> {
    const look = (transport: Transport) => lookOver(transport, keep, engine);
    return new RelayLink(await look(await connectPatiently(reconnect, 'new')), reconnect, look);
  }

  get above(): RunAbove {
    return this.look.above;
  }

  close(): void {
    this.closed = true;
    try {
      this.look.link.send({ type: 'bye' });
    } catch {
      // The server has gone first.
    }
    this.look.link.close();
  }

  private async connect(): Promise<Transport> {
    if (this.closed || !this.needed) throw new TandemError('RUN_OVER', 'the run is over, and the server has gone');
    return this.reconnect.connect(null);
  }

  private async follow(): Promise<TandemError> {
    const { above, model } = this.look;
    for (;;) {
      const reason = await endOf(this.look.messages);
      if (reason.code !== 'LINK_LOST' || !this.needed || this.closed) return reason;
      try {
        this.look = await this.again(await connectAgain({ ...this.reconnect, connect: () => this.connect() }));
      } catch (error) {
        const failure = asTandemError(error);
        if (failure.code !== 'LINK_LOST') return failure;
        continue;
      }
      if (this.closed) this.close();
      // A server that crashed before anything was written down begins anew, with the same model; its clients find out by themselves.
      const same = this.above.task === above.task && this.above.maxMessageBytes === above.maxMessageBytes;
      if (!same || String(this.look.model) !== String(model)) {
        return new TandemError('RUN_OVER', 'the server has gone on to another model');
      }
    }
  }
}

async function lookOver(transport: Transport, keep: number, engine: string): Promise<Look> {
  const link = new Link(transport);
  const messages = link.messages();
  try {
    link.send(helloOf({ role: 'infer', engine: `relay, ${engine}`, capabilities: [] }));
    const { run, task, batch } = await next(messages, 'welcome');
    const { payload } = await next(messages, 'model');
    const model = SplitModel.open(payload, keep);
    const { maxMessageBytes, maxQueryBytes } = model.contract(batch);
    const layers = model.own.flatMap(({ spec }) =>
      [...spec.weights, ...(spec.constants ?? [])].map(({ layer }) => layer),
    );
    const above = { run, task, maxMessageBytes, maxQueryBytes, layers: [...new Set(layers)] };
    // Names of classes may come later, and change nothing here.
    const { names: _, ...definition } = decodeModelDefinition(payload);
    return { link, messages, above, model: encodeModelDefinition(definition) };
  } catch (error) {
    link.close();
    throw error;
  }
}

/** Reads until the link ends; returns why it ended. */
async function endOf(messages: AsyncGenerator<Message, void>): Promise<TandemError> {
  try {
    for await (const message of messages) if (message.type === 'error') return refusedBy(message);
    return new TandemError('LINK_LOST', 'the server closed the link');
  } catch (error) {
    return asTandemError(error);
  }
}

async function next<N extends MessageName>(messages: AsyncGenerator<Message, void>, name: N): Promise<Message<N>> {
  const { value: message } = await messages.next();
  if (!message) throw new TandemError('LINK_LOST', `the server closed the link before its '${name}'`);
  if (message.type === 'error') throw refusedBy(message);
  if (message.type !== name) throw new TandemError('BAD_STATE', `'${message.type}' came where '${name}' was expected`);
  return message as Message<N>;
}
