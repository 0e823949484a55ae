import { createServer as createHttp, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { WATCH_PATH } from '../shared/dashboard/watch-protocol.js';
import { TandemError } from '../shared/errors.js';
import type { Transport } from '../shared/transport/transport.js';
import { Door } from './http/door.js';
import { chooseProtocol } from './http/gate.js';
import { handFirst } from './http/hand-first.js';
import { refuseUpgrade } from './http/responses.js';
import { limitedTransport } from './http/limited-transport.js';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The largest message a client may send in this run. */
  readonly maxMessageBytes: number;
  /** The same for one that only asks for predictions; as large when left out. */
  readonly maxQueryBytes?: number | undefined;
  /** Checks and counts clients; without one, everybody on this machine may come in. */
  readonly door?: Door;
  readonly onTransport: (transport: Transport) => void;
}

export interface Listener {
  readonly url: string;
  readonly port: number;
  /** Stops listening and cuts all links. */
  close(): Promise<void>;
}

/** Slow or endless requests and handshakes are shed in seconds; Node's own limits are minutes. */
const TIMEOUTS = { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 500 };
const TLS_OPTIONS = { handshakeTimeout: 5_000, minVersion: 'TLSv1.2' } as const;
/** A browser cuts a message into pieces of 64 to 130 kB, so it takes more of them for a large one. */
const FEW_FRAGMENTS = 1_024;
const FRAGMENT_BYTES = 16 * 1024;
/** The wait that a client is asked for while nobody can be let in. */
const ANSWER_MS = 500;
/** How long a refused client may take to answer the close; the types of `ws` do not name it. */
const CLOSING = { closeTimeout: 5_000 };

/** Opens an HTTP server that upgrades WebSocket requests. Throws BAD_OPTION when the port is taken, or others would reach it unprotected. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, maxMessageBytes, maxQueryBytes = maxMessageBytes, onTransport } = options;
  const door = options.door ?? (await Door.forEverybody(host, maxMessageBytes));
  const http = createServer(door);
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    maxFragments: Math.max(FEW_FRAGMENTS, Math.ceil(maxMessageBytes / FRAGMENT_BYTES)),
    ...CLOSING,
    handleProtocols: chooseProtocol,
  });
  // Before TLS or HTTP are set up for it, which a flood would make the server pay for.
  handFirst(http, (socket) => {
    const left = door.gate.connect(socket);
    if (!left) return false;
    door.descriptors.look();
    // Long enough for an answer; then its place is for the next one.
    if (door.descriptors.refusal) setTimeout(() => socket.destroy(), ANSWER_MS).unref();
    socket.once('close', left);
    return true;
  });
  http.on('connection', (socket: Socket) => arrive(socket, door));
  http.on('request', (request, response) => {
    // From here on Node's limits on idle sockets hold.
    door.newcomers.leave(request.socket);
    void door.routes.answer(request, response);
  });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until it is a WebSocket, its errors are ignored.
    socket.on('error', () => undefined);
    const { dashboard } = door;
    const { refusal } = door.descriptors;
    if (refusal) return refuseUpgrade(socket, refusal);
    if (dashboard && request.url?.split('?')[0] === WATCH_PATH) {
      const look = () => {
        door.newcomers.leave(request.socket);
        dashboard.watchers.take(request, socket, head, dashboard.state);
      };
      door.gate
        .admitReader(request)
        .then(look)
        .catch((error: unknown) => refuseUpgrade(socket, error));
      return;
    }
    // Once more, where it has carried a request before.
    arrive(request.socket, door);
    const address = door.gate.addressOf(request);
    void door.gate.admit(request).then(
      (grant) =>
        sockets.handleUpgrade(request, socket, head, (ws) =>
          onTransport(limitedTransport(ws, request.socket, { address, grant, maxMessageBytes, maxQueryBytes }, door)),
        ),
      (error: unknown) => refuseUpgrade(socket, error),
    );
  });
  await bind(http, host, port);
  // A socket that could not be accepted.
  http.on('error', () => door.descriptors.look());
  const bound = (http.address() as AddressInfo).port;
  return {
    url: `${door.tls ? 'wss' : 'ws'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: async () => {
      await Promise.all([door.dashboard?.close(), shut(http, sockets)]);
    },
  };
}

function arrive(socket: Socket, { newcomers, gate }: Door): void {
  const shed = newcomers.arrive(socket);
  if (shed === undefined) return;
  const reason = 'too many sockets were open whose clients had not said who they are';
  gate.note(shed, { what: 'refused', code: 'TOO_MANY', reason });
}

function createServer({ tls }: Door): Server {
  const options: ServerOptions = TIMEOUTS;
  return tls ? createHttps({ ...options, ...TLS_OPTIONS, ...tls }) : createHttp(options);
}

function bind(http: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'the port is taken' : error.message;
      reject(
        new TandemError('BAD_OPTION', `cannot listen on ${host}:${port}: ${reason}`, 'choose another --port or --host'),
      );
    });
    http.listen(port, host, resolve);
  });
}

/** Gives closing handshakes a moment: a client should see its last message before the socket goes. */
async function shut(http: Server, sockets: WebSocketServer): Promise<void> {
  const deadline = Date.now() + 1_000;
  while ([...sockets.clients].some((client) => client.readyState !== client.CLOSED) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  sockets.clients.forEach((client) => client.terminate());
  http.closeAllConnections();
  await new Promise<void>((resolve) => http.close(() => resolve()));
}
