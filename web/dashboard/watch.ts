/** The page's link to its server: asks whether it may look, looks, and looks again when the link is lost. */
import { applyChange, type WatchMessage } from '../../shared/dashboard/changes.js';
import type { DashboardState } from '../../shared/dashboard/state.js';
import { WATCH_PATH, WATCH_SUBPROTOCOL } from '../../shared/dashboard/watch-protocol.js';
import { TICKET_SUBPROTOCOL } from '../../shared/entry-proof.js';
import { siteAddress } from '../site.js';

export interface WatchHandlers {
  onState(state: DashboardState): void;
  /** The link is lost, and is looked for again. */
  onLost(): void;
  /** The server does not let this page look: why, and whether an invite would help. */
  onRefused(why: string, invite: boolean): void;
}

function watchAddress(): URL {
  return new URL(`.${WATCH_PATH}`, siteAddress());
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 8_000;

export class Watch {
  private state: DashboardState | null = null;
  private retryMs = FIRST_RETRY_MS;

  constructor(
    private readonly invite: string | null,
    private readonly handlers: WatchHandlers,
  ) {}

  async open(): Promise<void> {
    const refusal = await this.ask();
    if (refusal === 'gone') this.later();
    else if (refusal) this.handlers.onRefused(refusal.why, refusal.invite);
    else this.look();
  }

  /** A script is not told why a WebSocket was refused, so it is asked beforehand. */
  private async ask(): Promise<{ why: string; invite: boolean } | 'gone' | null> {
    try {
      const headers: HeadersInit = this.invite ? { authorization: `Bearer ${this.invite}` } : {};
      const answer = await fetch(watchAddress(), { headers, cache: 'no-store' });
      if (answer.ok) return null;
      const { error } = (await answer.json()) as { error: { code: string; message?: string; action?: string } };
      const why = [error.message ?? error.code, error.action].filter(Boolean).join(': ');
      return { why, invite: error.code === 'NO_ENTRY' || error.code === 'WRONG_ROLE' };
    } catch {
      // It is tried again in a while.
      return 'gone';
    }
  }

  private look(): void {
    const protocols = [WATCH_SUBPROTOCOL, ...(this.invite ? [`${TICKET_SUBPROTOCOL}${this.invite}`] : [])];
    const address = watchAddress();
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = new WebSocket(address, protocols);
    socket.addEventListener('message', ({ data }) => {
      this.retryMs = FIRST_RETRY_MS;
      this.take(JSON.parse(String(data)) as WatchMessage);
    });
    socket.addEventListener('close', () => this.later());
  }

  private take(message: WatchMessage): void {
    if (message.kind === 'state') this.state = message.state;
    else if (this.state) this.state = applyChange(this.state, message.change);
    if (this.state) this.handlers.onState(this.state);
  }

  private later(): void {
    this.handlers.onLost();
    setTimeout(() => void this.open(), this.retryMs * (0.75 + Math.random() / 2));
    this.retryMs = Math.min(MAX_RETRY_MS, 2 * this.retryMs);
  }
}
