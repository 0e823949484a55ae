import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { dealData } from '../../shared/data/partition.js';
import type { Engine } from '../../shared/engine/engine.js';
import { asTandemError } from '../../shared/errors.js';
import { createRng } from '../../shared/rng.js';
import type { Task } from '../../shared/task.js';
import type { Transport } from '../../shared/transport/transport.js';
import { opened, WebSocketTransport } from '../../shared/transport/websocket.js';
import { simulate } from '../../simulator/simulate.js';
import { ChaosProxy, type FaultCounts } from './chaos-proxy.js';

export interface ChaosOptions {
  readonly task: Task;
  readonly data: ClientData;
  readonly engine: Engine;
  readonly run: RunOptions;
  /** One piece of bytes in so many meets a fault. */
  readonly every: number;
  readonly seed: string | number;
  /** Told after each step of a client how many there were so far, of all clients, and faults. */
  readonly onStep?: (steps: number, faults: FaultCounts) => void;
}

export interface ChaosResult {
  readonly faults: FaultCounts;
  readonly reconnects: number;
  readonly steps: number;
  /** Whether the network is, bit for bit, that of the same run without faults. */
  readonly same: boolean;
}

const HEARTBEAT_SECONDS = 0.25;
const MOST_ROOM_BYTES = 2_000;

/** Trains with all clients behind a proxy that disturbs them, and the same without. */
export async function chaosRun({ task, data, engine, run, every, seed, onStep }: ChaosOptions): Promise<ChaosResult> {
  const expected = await simulate({ task, data, ...run, loadedEngine: engine, transport: 'loopback' });
  const settings = resolveRun(task, run);
  const life = { graceSeconds: 60, heartbeatSeconds: HEARTBEAT_SECONDS };
  const host = await createHost({ task, settings, engine, transport: 'websocket', ...life });
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: host.maxMessageBytes });
  const rng = createRng('chaos-room', seed);
  // So little room that what is sent again has to wait for it. Bytes are a sign of life, as they are for every client in Node and every server.
  const over = (socket: WebSocket, below: () => Socket | undefined): WebSocketTransport => {
    const bytesRead = () => below()?.bytesRead ?? 0;
    return new WebSocketTransport(socket, { roomBytes: 1 + rng.int(MOST_ROOM_BYTES), bytesRead });
  };
  sockets.on('connection', (socket, request) => void host.accept(over(socket, () => request.socket)));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const proxy = await ChaosProxy.open((http.address() as AddressInfo).port, every, seed);
  let [links, steps] = [0, 0];
  const open = async (): Promise<Transport> => {
    links++;
    const url = `ws://127.0.0.1:${proxy.port}`;
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: 300 });
    let below: Socket | undefined;
    socket.once('upgrade', (upgrade: IncomingMessage) => (below = upgrade.socket));
    const transport = over(socket, () => below);
    await opened(socket, url);
    return transport;
  };
  const backoff = { firstSeconds: 0.005, capSeconds: 0.05 };
  const clients = dealData(data, settings).map(async (part, index) => {
    const options = {
      data: part,
      engine,
      place: [index, settings.clients] as const,
      heartbeatSeconds: HEARTBEAT_SECONDS,
    };
    const transport = await patiently(open);
    for await (const _ of participate({ ...options, transport, reconnect: { connect: open, backoff } }))
      onStep?.(++steps, proxy.faults);
  });
  try {
    await Promise.all(clients);
    const { summary } = await host.finished;
    const same = summary.weightsHash === expected.summary.weightsHash && summary.steps === expected.summary.steps;
    return { faults: proxy.faults, reconnects: links - settings.clients, steps: summary.steps, same };
  } finally {
    await proxy.close();
    sockets.clients.forEach((socket) => socket.terminate());
    http.close();
  }
}

/** The first link may meet a fault as well. */
async function patiently(open: () => Promise<Transport>): Promise<Transport> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!asTandemError(error).retryable) throw error;
    }
  }
}
