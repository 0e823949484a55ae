import type { LinkNews } from '../client/link-news.js';
import type { Sessions } from '../server/session/sessions.js';
import type { Engine } from '../shared/engine/engine.js';
import type { RunEvent } from '../shared/events.js';
import type { UpwardOptions } from './upward.js';

export interface HopOptions extends UpwardOptions {
  /** The links to clients. */
  readonly sessions: Sessions;
  /** How many segments the relay keeps. */
  readonly keep: number;
  readonly engine: Engine;
  readonly host: HopHost;
}

/** What a client's way asks of its relay. */
export interface HopHost {
  /** Throws why nobody more is let in. */
  greet(): void;
  /** A step of the client is done here and above. */
  stepped(client: number, loss: number, samples: number): void;
  emit(event: RunEvent): void;
  /** What becomes of the client's link to the server. */
  linkNews(client: number | null, news: LinkNews): void;
}
