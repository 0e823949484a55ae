import type { LinkNews } from '../client/link-news.js';
import type { ReconnectOptions } from '../client/reconnect.js';
import { lossOf, withLost } from '../server/run/lost-clients.js';
import { SessionLinks } from '../server/session/session-links.js';
import { Deferred } from '../shared/deferred.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { LostClient, OnEvent, RunEvent } from '../shared/events.js';
import { addBytes, noBytes, type ByteCounts } from '../shared/protocol/byte-meter.js';
import type { Codec } from '../shared/wire/codec.js';
import type { Transport } from '../shared/transport/transport.js';
import { Hop } from './hop.js';
import type { HopHost } from './hop-options.js';
import { RelayLink, type RunAbove } from './relay-link.js';

export interface RelayHostOptions {
  /** Opens a link to the server, or to the next relay before it; to another address where the server has sent it there. */
  readonly connect: ReconnectOptions['connect'];
  /** How lost links to the server are opened again. */
  readonly reconnect?: Omit<ReconnectOptions, 'connect'>;
  /** Seconds for which a client whose link is lost is waited for; without it, losing the link is leaving. */
  readonly graceSeconds?: number | undefined;
  readonly heartbeatSeconds?: number | undefined;
  /** How many segments the relay keeps, the uppermost of those the server gives away; 1 by default. */
  readonly segments?: number;
  /** Clients at a time, those that only infer included: each costs the memory of a middle. */
  readonly maxClients?: number;
  readonly engine: Engine;
  /** Custom codecs that the run may name. */
  readonly codecs?: readonly Codec[];
  readonly onEvent?: OnEvent;
  /** Told when a link to the server is lost, silent or back: a client's, or the relay's own (null). */
  readonly onLinkNews?: (client: number | null, news: LinkNews) => void;
}

/** What a relay has done by its end. */
export interface RelaySummary extends Pick<RunAbove, 'run' | 'task'> {
  /** How many clients took part in training. */
  readonly clients: number;
  readonly steps: number;
  /** Training samples seen, repeats counted. */
  readonly samples: number;
  readonly seconds: number;
  /** Clients that were lost for an error, the last time for each place. */
  readonly lost: readonly LostClient[];
  /** All bytes between clients and the relay, and between the relay and the server. */
  readonly bytesBelow: ByteCounts;
  readonly bytesAbove: ByteCounts;
}

export const MAX_CLIENTS = 256;

/** A relay without sockets: takes clients' links, and opens one link to the server for each. */
export class RelayHost implements HopHost {
  private readonly hops = new Set<Hop>();
  private readonly outcome = new Deferred<RelaySummary>();
  private readonly links: SessionLinks;
  private readonly startedMs = performance.now();
  private totals = { clients: 0, steps: 0, samples: 0, bytesBelow: noBytes, bytesAbove: noBytes };
  private lost: readonly LostClient[] = [];
  private steps = 0;
  private runFinished = false;
  private over: TandemError | undefined;

  private constructor(
    private readonly options: RelayHostOptions,
    private readonly relayLink: RelayLink,
  ) {
    this.links = new SessionLinks({ ...options, graceSeconds: options.graceSeconds ?? 0 });
    void relayLink.ended.then((reason) => this.end(reason));
  }

  /** Asks the server for the model. Throws UNREACHABLE, LINK_LOST, what the server refuses, and BAD_OPTION when no segment is left for clients. */
  static async open(options: RelayHostOptions): Promise<RelayHost> {
    const { connect, segments = 1, engine } = options;
    const onNews = (news: LinkNews) => options.onLinkNews?.(null, news);
    const relayLink = await RelayLink.open({ ...options.reconnect, connect, onNews }, segments, engine.label);
    return new RelayHost(options, relayLink);
  }

  get maxMessageBytes(): number {
    return this.relayLink.above.maxMessageBytes;
  }

  get above(): RunAbove {
    return this.relayLink.above;
  }

  /** Resolves when the server has ended after a run that clients of this relay finished; rejects with its reason otherwise. */
  get finished(): Promise<RelaySummary> {
    return this.outcome.promise;
  }

  /** Takes a client's link; resolves when the client is gone. */
  async accept(transport: Transport): Promise<void> {
    const { connect, segments: keep = 1, engine, heartbeatSeconds, codecs } = this.options;
    const reconnect = { ...this.options.reconnect, connect };
    const { links } = this;
    const hop = new Hop(transport, {
      reconnect,
      heartbeatSeconds,
      links,
      keep,
      engine,
      host: this,
      ...(codecs ? { codecs } : {}),
    });
    this.hops.add(hop);
    await hop.run();
    this.count(hop);
    this.hops.delete(hop);
    this.relayLink.needed = !this.runFinished || this.hops.size > 0;
    if (this.over && this.hops.size === 0) this.settle(this.over);
  }

  greet(): void {
    const { maxClients = MAX_CLIENTS } = this.options;
    if (this.over) throw this.over;
    if ([...this.hops].filter(({ greeted }) => greeted).length < maxClients) return;
    throw new TandemError('RUN_FULL', `the relay has ${maxClients} clients`, 'wait until one has left');
  }

  stepped(client: number, loss: number, samples: number): void {
    this.emit({ kind: 'step', step: ++this.steps, client, loss, samples });
  }

  linkNews(client: number | null, news: LinkNews): void {
    this.options.onLinkNews?.(client, news);
  }

  emit(event: RunEvent): void {
    if (event.kind === 'client-left') {
      const { client } = event;
      const hop = [...this.hops].find(({ session }) => session.client === client);
      this.lost = withLost(this.lost, lossOf(client, event, hop?.session.steps ?? 0));
    }
    this.options.onEvent?.(event);
  }

  /** Ends all sessions, with the reason; safe to call twice. */
  close(error: TandemError): void {
    this.end(error);
    for (const hop of this.hops) hop.fail(error);
  }

  private end(reason: TandemError): void {
    if (this.over) return;
    this.over = reason;
    this.relayLink.close();
    if (this.hops.size === 0) this.settle(reason);
  }

  private settle(reason: TandemError): void {
    if (!this.runFinished) {
      this.outcome.reject(reason);
      return;
    }
    const { run, task } = this.relayLink.above;
    this.outcome.resolve({
      run,
      task,
      ...this.totals,
      lost: this.lost,
      seconds: (performance.now() - this.startedMs) / 1000,
    });
  }

  private count({ session, finished, bytesAbove: above }: Hop): void {
    const { steps, samples, bytes } = session.account(0);
    const { totals } = this;
    this.runFinished ||= finished;
    this.totals = {
      clients: totals.clients + (steps > 0 ? 1 : 0),
      steps: totals.steps + steps,
      samples: totals.samples + samples,
      bytesBelow: addBytes(totals.bytesBelow, bytes),
      bytesAbove: addBytes(totals.bytesAbove, above),
    };
  }
}
