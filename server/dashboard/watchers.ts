import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { changesBetween, type WatchMessage } from '../../shared/dashboard/changes.js';
import type { DashboardState } from '../../shared/dashboard/state.js';
import { WATCH_SUBPROTOCOL } from '../../shared/dashboard/watch-protocol.js';
import { TandemError } from '../../shared/errors.js';

/** Most watchers at once. */
export const MAX_WATCHERS = 16;
/** A watcher has nothing to send but a close frame. */
const MAX_RECEIVED_BYTES = 1024;
/** A watcher may leave a message unread for so many updates: ten seconds, at four a second. */
export const MAX_TURNS_BEHIND = 40;
const LAST_WORDS_MS = 500;
const GOING_AWAY = 1001;
const NOT_FOR_YOU = 1008;

interface Watcher {
  readonly ws: WebSocket;
  /** The state that it was sent last. */
  told: DashboardState | null;
  turnsBehind: number;
}

/**
 * The links of dashboards that watch a run. For each, at most one message is buffered: a slow watcher gets fewer and larger changes, and
 * costs no more memory than one state.
 */
export class Watchers {
  private readonly all = new Set<Watcher>();
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_RECEIVED_BYTES,
    autoPong: false,
    handleProtocols: (offered) => offered.has(WATCH_SUBPROTOCOL) && WATCH_SUBPROTOCOL,
  });

  get count(): number {
    return this.all.size;
  }

  /** Throws TOO_MANY. */
  checkRoom(): void {
    if (this.all.size < MAX_WATCHERS) return;
    const what = `${MAX_WATCHERS} others are looking at this run`;
    throw new TandemError('TOO_MANY', what, 'close a dashboard somewhere else, or try again later');
  }

  /** Makes a watcher of an admitted request. Throws TOO_MANY. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, state: DashboardState): void {
    this.checkRoom();
    let received = head.length;
    this.sockets.handleUpgrade(request, socket, head, (ws) => {
      const watcher: Watcher = { ws, told: null, turnsBehind: 0 };
      this.all.add(watcher);
      // 'close' follows.
      ws.on('error', () => undefined);
      ws.on('close', () => this.all.delete(watcher));
      ws.on('message', () => ws.close(NOT_FOR_YOU, 'this link is for looking only'));
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > MAX_RECEIVED_BYTES) ws.terminate();
      });
      this.tell(watcher, state);
    });
  }

  /** Sends each watcher what has changed since its last message. */
  tellAll(state: DashboardState): void {
    // Watchers at the same state get the same text.
    const texts = new Map<DashboardState, string>();
    for (const watcher of this.all) {
      if (watcher.ws.bufferedAmount === 0) this.tell(watcher, state, texts);
      else if (++watcher.turnsBehind > MAX_TURNS_BEHIND) watcher.ws.terminate();
    }
  }

  /** Closes all links, without waiting for those that do not answer. */
  async close(): Promise<void> {
    const gone = [...this.all].map(({ ws }) => new Promise((resolve) => ws.once('close', resolve)));
    for (const { ws } of this.all) ws.close(GOING_AWAY, 'the server is shutting down');
    const patience = setTimeout(() => this.all.forEach(({ ws }) => ws.terminate()), LAST_WORDS_MS);
    await Promise.all(gone);
    clearTimeout(patience);
  }

  private tell(watcher: Watcher, state: DashboardState, texts = new Map<DashboardState, string>()): void {
    const { ws, told } = watcher;
    watcher.turnsBehind = 0;
    if (told === state || ws.readyState !== ws.OPEN) return;
    const known = told && texts.get(told);
    const text = known ?? JSON.stringify(messageFor(told, state));
    if (told) texts.set(told, text);
    watcher.told = state;
    ws.send(text, () => undefined);
  }
}

function messageFor(told: DashboardState | null, state: DashboardState): WatchMessage {
  return told ? { kind: 'change', change: changesBetween(told, state) } : { kind: 'state', state };
}
