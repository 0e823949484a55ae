import type { LinkNews } from '../client/link-news.js';
import type { SessionLinks } from '../server/session/session-links.js';
import type { Engine } from '../shared/engine/engine.js';
import type { RunEvent } from '../shared/events.js';
import type { UpstreamSessionOptions } from './upstream-session.js';

export interface HopOptions extends UpstreamSessionOptions {
  /** The links to clients. */
  readonly links: SessionLinks;
  /** How many segments the relay keeps. */
  readonly keep: number;
  readonly engine: Engine;
  readonly host: HopHost;
}

/** What a hop needs of its relay. */
export interface HopHost {
  /** Throws where no more clients are let in. */
  greet(): void;
  /** A step of the client is done. */
  stepped(client: number, loss: number, samples: number): void;
  emit(event: RunEvent): void;
  /** The client's link to the server is lost, silent or back. */
  linkNews(client: number | null, news: LinkNews): void;
}
