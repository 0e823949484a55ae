import type { OnEvent, RunEvent } from '../../shared/events.js';
import { EntryDesk } from '../entry/entry-desk.js';
import { InviteBook } from '../entry/invite-book.js';
import { LiveGrants } from '../entry/live-grants.js';
import { SessionHolders } from '../entry/session-holders.js';
import type { SpentTickets } from '../entry/spent-tickets.js';
import { TicketOffice } from '../entry/ticket-office.js';
import type { Dashboard } from '../dashboard/dashboard.js';
import { AuditLog } from '../observe/audit-log.js';
import { toAll, type TrafficSink } from '../observe/link-traffic.js';
import { Descriptors } from '../observe/descriptors.js';
import { Metrics } from '../observe/metrics.js';
import { Readiness } from '../observe/readiness.js';
import { RefusalThrottle } from '../observe/refusal-throttle.js';
import { Gate } from './gate.js';
import { Limits, limitsFor, type LimitOptions } from './limits.js';
import { Newcomers } from './newcomers.js';
import { Origins } from './origins.js';
import type { Pages } from './pages.js';
import { Routes, type RoutesOptions } from './routes.js';
import type { SharedModel } from '../shared-model.js';
import type { OfferedData } from './offered-data.js';
import type { RunReading } from '../../shared/run-reading.js';
import type { RunCards } from './run-card.js';
import { publicAddress, ServedNames } from './served-names.js';
import { checkExposure, readTls, type Tls } from './tls.js';
import { TrustedProxies } from './trusted-proxies.js';
import { WaitingBytes } from './waiting-bytes.js';

/** How a server is reached and by whom; docs/security.md says what is open without any of it. */
export interface DoorOptions {
  /** A certificate and its key, as PEM files. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Lets other machines in without TLS or without tickets. */
  readonly insecure?: boolean;
  /** The folder of invites and keys: only clients with a ticket from one of them may come in. */
  readonly entry?: string;
  /** Pages whose scripts may come in, such as `https://example.org`. */
  readonly allowOrigin?: readonly string[];
  /** Further names of this server, such as in a private network. */
  readonly hostName?: readonly string[];
  /** Where others reach the server, such as `https://train.example/tandem/`, when a proxy stands before it. */
  readonly publicUrl?: string;
  /** Proxies that are believed where requests come from: addresses and ranges such as `10.0.0.0/8`; those on this machine with `true`. */
  readonly trustProxy?: boolean | string | readonly string[];
  /** A file that entries and refusals are added to. */
  readonly auditLog?: string;
  readonly limits?: Partial<LimitOptions>;
  /** Where several servers share one address: a memory of used tickets that they share. */
  readonly spentTickets?: SpentTickets;
  /** Milliseconds since 1970, by which invites and tickets expire; the machine's clock when left out. */
  readonly now?: () => number;
}

/** The run a door belongs to. */
export interface Behind {
  readonly run: string;
  readonly host: string;
  readonly clients: number;
  readonly maxMessageBytes: number;
  /** What a browser is shown; nothing when left out. */
  readonly pages?: Pages;
  /** What the join page is told. */
  readonly cards?: RunCards;
  readonly reading?: RunReading | null;
  /** What is offered to everybody to train on. */
  readonly data?: OfferedData | null;
  /** What the run gives away when it is over. */
  readonly model?: SharedModel;
  /** Shows the run to those who may read the metrics. */
  readonly dashboard?: Dashboard;
  /** Which invite or key each session belongs to, where a run knows some already. */
  readonly holders?: SessionHolders;
  /** Told of what happens at the door, too. */
  readonly onEvent?: OnEvent;
  /** Told of problems that the operator should know. */
  readonly onTrouble?: (message: string) => void;
}

/** All that stands between a port and a run. */
export class Door {
  readonly readiness = new Readiness();
  readonly descriptors: Descriptors;
  readonly metrics: Metrics;
  readonly traffic: TrafficSink;
  readonly gate: Gate;
  readonly routes: Routes;
  private readonly throttle = new RefusalThrottle();

  private constructor(
    readonly tls: Tls | null,
    readonly waiting: WaitingBytes,
    readonly newcomers: Newcomers,
    readonly liveGrants: LiveGrants | null,
    private readonly audit: AuditLog | null,
    private readonly told: OnEvent | undefined,
    site: Pick<RoutesOptions, 'pages' | 'cards' | 'reading' | 'data' | 'model'>,
    readonly dashboard: Dashboard | null,
    readonly holders: SessionHolders,
    gate: Omit<Gate['options'], 'onEvent'>,
    onTrouble: (message: string) => void,
  ) {
    this.descriptors = new Descriptors({ readiness: this.readiness, onTrouble });
    this.metrics = new Metrics({ readiness: this.readiness, waitingBytes: () => waiting.bytes });
    this.traffic = toAll([this.metrics, ...(dashboard ? [dashboard.traffic] : [])]);
    this.gate = new Gate({ ...gate, onEvent: this.onEvent });
    this.routes = new Routes({
      gate: this.gate,
      readiness: this.readiness,
      metrics: () => this.metrics.text(),
      ...site,
      watchers: dashboard?.watchers ?? null,
    });
  }

  /** Throws BAD_OPTION for files that cannot be used, and for a server that others could reach unprotected. */
  static async open(options: DoorOptions, behind: Behind): Promise<Door> {
    const {
      entry,
      insecure = false,
      allowOrigin,
      hostName = [],
      publicUrl,
      trustProxy,
      auditLog,
      limits,
      spentTickets,
      now = Date.now,
    } = options;
    const {
      run,
      host,
      clients,
      maxMessageBytes,
      pages = null,
      cards = null,
      reading = null,
      data = null,
      model = null,
      dashboard = null,
      holders = new SessionHolders(),
      onEvent,
      onTrouble = () => undefined,
    } = behind;
    const tls = await readTls(options.tlsCert, options.tlsKey);
    checkExposure(host, { tls: tls !== null, entry: entry !== undefined, insecure });
    const limit = limitsFor(clients, maxMessageBytes, limits);
    const book = entry === undefined ? null : await InviteBook.open(entry, now);
    const office = await TicketOffice.open({ audience: run, now, ...(spentTickets ? { spent: spentTickets } : {}) });
    const audit = auditLog === undefined ? null : await AuditLog.open(auditLog, run, onTrouble);
    const published = publicUrl === undefined ? undefined : publicAddress(publicUrl);
    const hostNames = [...hostName, ...(published ? [published.hostname] : [])];
    const names = new ServedNames({ host, hostNames, allowedOrigins: allowOrigin, tls });
    return new Door(
      tls,
      new WaitingBytes(limit.waitingBytes),
      new Newcomers(limit.newcomers),
      book && new LiveGrants(book),
      audit,
      onEvent,
      { pages, cards, reading, data, model },
      dashboard,
      holders,
      {
        limits: new Limits(limit),
        origins: new Origins({
          host,
          names,
          allowed: allowOrigin,
          guarded: book !== null,
          published: published?.origin,
        }),
        desk: book && new EntryDesk(book, office),
        published,
        proxies: new TrustedProxies(trustProxy, onTrouble),
      },
      onTrouble,
    );
  }

  /** For servers of one process, such as a simulation's; beyond loopback it opens no more than any other. */
  static forEverybody(host: string, maxMessageBytes: number): Promise<Door> {
    const unlimited = { connections: Infinity, newcomers: Infinity, inferring: Infinity, waitingBytes: Infinity };
    return Door.open({ limits: unlimited }, { run: '', host, clients: 1, maxMessageBytes });
  }

  /** For the run's own events. */
  readonly onEvent = (event: RunEvent): void => {
    this.metrics.onEvent(event);
    this.dashboard?.onEvent(event);
    const told = this.throttle.pass(event);
    if (!told) return;
    this.audit?.onEvent(told);
    this.told?.(told);
  };

  async close(): Promise<void> {
    this.descriptors.close();
    this.liveGrants?.close();
    await this.dashboard?.close();
    await this.audit?.close();
  }
}
