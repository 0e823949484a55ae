import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { SUBPROTOCOL, TICKET_SUBPROTOCOL } from '../../shared/entry-proof.js';
import { TandemError } from '../../shared/errors.js';
import { opened, WebSocketTransport } from '../../shared/transport/websocket.js';
import type { Transport } from '../../shared/transport/transport.js';
import { participate, type JoinStep, type ParticipateOptions, type RunOutcome } from '../participate.js';
import { fetchTicket, type Post } from '../ticket-exchange.js';

/** How a page comes into a server that does not let everybody in. */
export interface EntryOptions {
  /** An invite code; each link uses it once. */
  readonly invite?: string;
  /** A ticket that the page got otherwise, such as from a program of its own site that holds the key. */
  readonly ticket?: string;
}

export interface JoinOptions extends Pick<ParticipateOptions, 'data' | 'limit'>, EntryOptions {
  readonly engine?: string;
  readonly loadedEngine?: Engine;
}

/** Joins a run from a page or a worker; as in Node, with the browser's own WebSocket. */
export async function* join(url: string, options: JoinOptions): AsyncGenerator<JoinStep, RunOutcome> {
  const engine = options.loadedEngine ?? (await chooseEngine(options.engine));
  const { data, limit } = options;
  const transport = await connect(url, options);
  const reconnect = { connect: (address: string | null) => connect(address ?? url, options) };
  return yield* participate({ transport, data, engine, reconnect, ...(limit === undefined ? {} : { limit }) });
}

/**
 * Opens a WebSocket to a Tandem server. A page can set no header, so its ticket goes among the subprotocols. Throws
 * UNREACHABLE, and the server's refusal of an invite.
 */
export async function connect(url: string, { invite, ticket }: EntryOptions = {}): Promise<Transport> {
  const shown = ticket ?? (invite === undefined ? undefined : await fetchTicket(url, { invite }, post));
  const socket = new WebSocket(url, shown === undefined ? [] : [SUBPROTOCOL, `${TICKET_SUBPROTOCOL}${shown}`]);
  // The transport listens before the socket opens: messages may come in the same moment.
  const transport = new WebSocketTransport(socket);
  await opened(socket, url);
  return transport;
}

const post: Post = async (url, body) => {
  // As plain text, so that no preflight is needed.
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) }).catch(() => {
    throw new TandemError('UNREACHABLE', `no Tandem server answers at ${new URL(url).host}`);
  });
  return response.json().catch(() => undefined);
};
