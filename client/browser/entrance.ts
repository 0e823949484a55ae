import { SUBPROTOCOL, TICKET_SUBPROTOCOL } from '../../shared/entry-proof.js';
import { TandemError } from '../../shared/errors.js';
import { opened, WebSocketTransport } from '../../shared/transport/websocket.js';
import { faultOfAnswer, LinkFault, withWait } from '../link-faults.js';
import { checkServerAddress, httpUrl, serverAddress } from '../server-address.js';
import { fetchTicket, refusalIn, type EntryKey, type Pass, type Post } from '../ticket-exchange.js';
import { newEntryKey } from './entry-key.js';

/** How a page comes into a server that does not let everybody in. */
export interface EntryOptions {
  /** An invite code; one use of it lets the page in as often as its links break. */
  readonly invite?: string;
  /** A ticket that the page got otherwise, such as from a program of its own site that holds the key; good for one link. */
  readonly ticket?: string;
}

const HANDSHAKE_MS = 10_000;

/** A way in that can be used again: each link gets a ticket of its own. */
export class Entrance {
  private pass: Promise<Pass> | undefined;
  private wasLetIn = false;

  /** `keyFor` returns the key to enrol with an invite; by default one that lives as long as this object. */
  constructor(
    private readonly options: EntryOptions = {},
    private readonly keyFor: (invite: string) => Promise<EntryKey> = newEntryKey,
  ) {}

  /**
   * Opens a WebSocket to a Tandem server. A page can set no header, so its ticket goes among the subprotocols. Throws
   * BAD_OPTION for an address that is none, a LinkFault, and the server's refusal of an invite.
   */
  async connect(url: string): Promise<WebSocketTransport> {
    checkServerAddress(url);
    const ticket = await this.ticket(url);
    const protocols = ticket === undefined ? [] : [SUBPROTOCOL, `${TICKET_SUBPROTOCOL}${ticket}`];
    const socket = new WebSocket(serverAddress(url), protocols);
    // The transport listens before the socket opens: messages may come in the same moment.
    const transport = new WebSocketTransport(socket);
    // A network that is gone may swallow the attempt without a word.
    const tooLate = setTimeout(() => socket.close(), HANDSHAKE_MS);
    await opened(socket, url)
      .finally(() => clearTimeout(tooLate))
      .catch(async (error: unknown) => {
        // A client that was let in before may try again as soon as the server has room.
        throw (this.wasLetIn ? undefined : await whyRefused(url)) ?? error;
      });
    this.wasLetIn = true;
    return transport;
  }

  /** Gets a file of the server at `ws://...`, by its path. Throws the server's refusal, and a LinkFault. */
  async get(url: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
    const ticket = await this.ticket(url);
    const headers: Record<string, string> = ticket === undefined ? {} : { authorization: `Bearer ${ticket}` };
    const address = httpUrl(url, path);
    // Nobody answered: what that means is said below.
    const response = await fetch(address, { headers, cache: 'no-store' }).catch(() => undefined);
    if (response?.ok) return new Uint8Array(await response.arrayBuffer());
    throw response ? await refusalOf(address, response) : new LinkFault('refused', address);
  }

  private async ticket(url: string): Promise<string | undefined> {
    const { invite, ticket } = this.options;
    if (ticket !== undefined) return ticket;
    if (invite === undefined) return undefined;
    this.pass ??= this.keyFor(invite).then((key) => ({ invite, key }));
    return fetchTicket(url, await this.pass, post);
  }
}

/**
 * A browser does not tell a page why its WebSocket was refused. The server does where the page may ask it; where it may
 * not, that it answers at all tells that it is the page that is not allowed in.
 */
async function whyRefused(url: string): Promise<TandemError | undefined> {
  const health = httpUrl(url, '/healthz');
  const { origin } = globalThis.location;
  const isOurs = new URL(health).origin === origin;
  const mode = isOurs ? 'same-origin' : 'no-cors';
  // Whether anybody is there is all that is asked.
  const answer = await fetch(health, { mode, cache: 'no-store' }).catch(() => undefined);
  if (!answer) return undefined;
  if (!isOurs) {
    const what = `the server at ${new URL(url).host} does not let this page in, whose origin is ${origin}`;
    const action = `start the server with --allow-origin ${origin}, or open the page the server itself serves; it may also want an invite`;
    return new TandemError('WRONG_ORIGIN', what, action);
  }
  // A proxy may answer for a server that is not there.
  if (!answer.ok) return refusalOf(health, answer);
  return new TandemError(
    'NO_ENTRY',
    'the server does not let this page in without an invite, or has too many links',
    'open the whole link you were given, with everything after #',
  );
}

const post: Post = async (url, body) => {
  // As plain text, so that no preflight is needed.
  const signal = AbortSignal.timeout(HANDSHAKE_MS);
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), signal }).catch(() => {
    throw signal.aborted
      ? new LinkFault('silent', url, `no answer within ${HANDSHAKE_MS / 1000} seconds`)
      : new LinkFault('refused', url);
  });
  if (!response.ok) throw await refusalOf(url, response);
  const { status, headers } = response;
  // A portal or a proxy may answer everything with a page of its own.
  return response.json().catch(() => {
    throw faultOfAnswer(url, { status, type: headers.get('content-type') ?? undefined });
  });
};

/** Why an answer is not the one that was wanted: in the server's words, or as what no Tandem server says. */
async function refusalOf(url: string, response: Response): Promise<TandemError> {
  // An answer that is no JSON is none of Tandem, which is said below.
  const refusal = refusalIn(await response.json().catch(() => undefined));
  const { status, headers } = response;
  const retryAfter = headers.get('retry-after') ?? undefined;
  if (refusal) return withWait(refusal, retryAfter);
  return faultOfAnswer(url, { status, type: headers.get('content-type') ?? undefined, retryAfter });
}
