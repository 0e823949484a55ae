import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { TandemError } from '../shared/errors.js';
import { WebSocketTransport } from '../shared/transport/websocket.js';
import type { Transport } from '../shared/transport/transport.js';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The largest message a client may send in this run. */
  readonly maxMessageBytes: number;
  readonly onTransport: (transport: Transport) => void;
}

export interface Listener {
  readonly url: string;
  readonly port: number;
  /** Stops listening and cuts all links. */
  close(): Promise<void>;
}

/** Slow or endless request headers are shed in seconds; Node's own limit is a minute. */
const HEADERS_TIMEOUT_MS = 5_000;
const CHECK_INTERVAL_MS = 500;
const MAX_FRAGMENTS = 1_024;
const SEND_BUFFER_MESSAGES = 2;

/** Opens an HTTP server that upgrades WebSocket requests. Throws BAD_OPTION when the port is taken. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, maxMessageBytes, onTransport } = options;
  const http = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    maxFragments: MAX_FRAGMENTS,
  });
  http.on('request', (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket' });
    response.end('This is a Tandem server. Join it with: npx tandem join ws://<this address>\n');
  });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      onTransport(new WebSocketTransport(ws, { maxBufferedBytes: SEND_BUFFER_MESSAGES * maxMessageBytes }));
    });
  });
  await bind(http, host, port);
  const bound = (http.address() as AddressInfo).port;
  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: () => shut(http, sockets),
  };
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
