import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import { checkFields } from '../../shared/fields/check-fields.js';
import { limits } from '../../shared/protocol/limits.js';
import { fileTrouble } from '../../storage/file-trouble.js';
import { WebSocketTransport } from '../../shared/transport/websocket.js';
import type { Transport } from '../../shared/transport/transport.js';
import { checkServerAddress, httpUrl, serverAddress } from '../server-address.js';
import { fetchTicket, type Pass } from '../ticket-exchange.js';
import { newEntryKey, readEntryKey } from './entry-key.js';
import { entryFields } from './node-fields.js';
import { getFile } from './get-file.js';
import { faultOf, refusalOf, signOf } from './http-request.js';
import { poster } from './post-json.js';
import { WayOut, type Outward } from './way-out.js';

/** How a client comes into a server that does not let everybody in. */
export interface EntryOptions {
  /** An invite code. */
  readonly invite?: string;
  /** A private key file, from `tandem keygen`; enrolled already, or with the invite. */
  readonly key?: string;
  /** A file with the certificates of a private certificate authority, for `wss://`. */
  readonly ca?: string;
  /** A proxy to go through, such as `http://proxy.example:3128`; by default what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. */
  readonly proxy?: string;
}

const HANDSHAKE_MS = 10_000;
const MAX_REFUSAL_BYTES = 16 * 1024;

/** A way in that can be used again: each link gets a ticket of its own. */
export class Entrance {
  private constructor(
    private readonly pass: Pass | null,
    private readonly outward: Outward,
  ) {}

  /** Reads the files. Throws CANNOT_READ and BAD_OPTION. */
  static async open(options: EntryOptions = {}): Promise<Entrance> {
    checkFields('Entrance.open()', options, entryFields);
    const { invite, key, ca, proxy } = options;
    const outward = { ca: ca === undefined ? undefined : await readAuthority(ca), proxy };
    if (invite === undefined && key === undefined) return new Entrance(null, outward);
    // Without a key of its own, one for this process: the invite may be good for one use, and links break.
    const entryKey = key === undefined ? newEntryKey() : await readEntryKey(key);
    return new Entrance({ key: entryKey, ...(invite === undefined ? {} : { invite }) }, outward);
  }

  /** Opens a WebSocket to a Tandem server. Throws BAD_OPTION for an address that is none, a LinkFault, and what the server refuses. */
  async connect(url: string): Promise<Transport> {
    checkServerAddress(url);
    const ticket = await this.ticket(url);
    const { ca, proxy } = this.outward;
    const way = WayOut.to(url, proxy);
    const options: ClientOptions = {
      perMessageDeflate: false,
      // How large a message is, the run decides; the library's own limit of 100 MiB is none of its.
      maxPayload: limits.messageBytes,
      // Masks protect proxies from scripts of a page; here they would only cost a pass over every byte on both sides.
      generateMask: () => undefined,
      handshakeTimeout: HANDSHAKE_MS,
      ...(ticket === undefined ? {} : { headers: { authorization: `Bearer ${ticket}` } }),
      ...(ca ? { ca } : {}),
      ...(way.agent ? { agent: way.agent } : {}),
    };
    const socket = new WebSocket(serverAddress(url), options);
    // The transport listens before the socket opens: messages may come in the same moment.
    let below: Socket | undefined;
    socket.once('upgrade', ({ socket: opened }) => (below = opened));
    const transport = new WebSocketTransport(socket, { bytesRead: () => below?.bytesRead ?? 0 });
    await opened(socket, url, way);
    return transport;
  }

  /** Gets a file of the server at `ws://...`, by its path. Throws the server's refusal, and a LinkFault. */
  async get(url: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
    return getFile(httpUrl(url, path), await this.ticket(url), this.outward);
  }

  private async ticket(url: string): Promise<string | undefined> {
    return this.pass ? fetchTicket(url, this.pass, poster(this.outward)) : undefined;
  }
}

/** Opens a WebSocket to a Tandem server, as `Entrance` does. */
export async function connect(url: string, options: EntryOptions = {}): Promise<Transport> {
  checkFields('connect()', options, entryFields);
  return (await Entrance.open(options)).connect(url);
}

/** Unlike a browser, Node can tell why a server refused. */
function opened(socket: WebSocket, url: string, way: WayOut): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => void faultOf(url, error, way).then(reject));
    socket.once('unexpected-response', (request, response) => {
      void bodyOf(response).then((bytes) => {
        request.destroy();
        reject(way.faultOfProxy() ?? refusalOf(url, signOf(response), bytes));
      });
    });
  });
}

/** What has come of an answer, as long as a refusal may be. */
async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let read = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read > MAX_REFUSAL_BYTES) break;
      chunks.push(chunk);
    }
  } catch {
    // It was cut off: its status says enough.
  }
  return Buffer.concat(chunks);
}

async function readAuthority(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw fileTrouble(error, 'read', { path: file, flag: '--ca' });
  }
}
