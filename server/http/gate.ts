import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { SUBPROTOCOL, TICKET_SUBPROTOCOL } from '../../shared/entry-proof.js';
import type { AccessEvent } from '../../shared/access-event.js';
import type { OnEvent } from '../../shared/events.js';
import type { Credentials, EntryDesk, IssuedTicket } from '../entry/entry-desk.js';
import type { Grant } from '../entry/grant.js';
import { isLocal } from './address.js';
import type { Limits } from './limits.js';
import type { Origins, PageClaim } from './origins.js';
import type { TrustedProxies } from './trusted-proxies.js';

export interface GateOptions {
  readonly limits: Limits;
  readonly origins: Origins;
  /** Null where nobody needs a ticket. */
  readonly desk: EntryDesk | null;
  readonly proxies: TrustedProxies;
  /** The server's public address, if its operator has given one. */
  readonly published?: URL | undefined;
  readonly onEvent?: OnEvent;
}

/** All checks before a request is answered or becomes a link: limits, Host, Origin, tickets. */
export class Gate {
  readonly limits: Limits;
  readonly origins: Origins;
  readonly desk: EntryDesk | null;

  constructor(private readonly options: GateOptions) {
    ({ limits: this.limits, origins: this.origins, desk: this.desk } = options);
  }

  addressOf(request: IncomingMessage): string {
    return this.options.proxies.read(request).address;
  }

  /** The address to join at, as seen from where the request came. */
  joinAddress(request: IncomingMessage): string {
    const { proxies, published } = this.options;
    if (published) return published.href.replace(/^http/, 'ws');
    const { forwardedHost = request.headers.host ?? '<this address>', isSecure } = proxies.read(request);
    return `${isSecure ? 'wss' : 'ws'}://${forwardedHost}`;
  }

  /** Counts a new socket, as `Limits.connect` does. */
  connect(socket: Socket): (() => void) | undefined {
    return this.limits.connect(socket.remoteAddress ?? 'unknown', this.options.proxies.believes(socket));
  }

  /** Lets a link in, before the handshake. Throws TOO_MANY, WRONG_HOST, WRONG_ORIGIN or NO_ENTRY, and notes who and why. */
  admit(request: IncomingMessage): Promise<Grant | null> {
    return this.counted(request, async (address) => {
      const grant = await this.holder(address, (desk) => desk.admitLink(ticketOf(request)));
      if (grant) this.note(address, { what: 'admitted', ...grant });
      return grant;
    });
  }

  /** Checks the request for a page or one of its files, which anybody may have. Files are counted apart from requests. */
  page(request: IncomingMessage, isDocument: boolean): Promise<void> {
    return this.noting(request, async (address) => {
      await (isDocument ? this.limits.request(address) : this.limits.file(address));
      this.origins.check(this.claimOf(request));
    });
  }

  /** Any other request without a ticket: checks limits, Host and Origin, then calls `answer`. Notes refusals. */
  answer<T>(request: IncomingMessage, answer: (address: string) => Promise<T>): Promise<T> {
    return this.counted(request, answer);
  }

  /** Changes an invite or a key, which `read` reads, for a ticket. Throws as `admit` does, and what `read` throws. */
  ticket(request: IncomingMessage, read: () => Promise<Credentials>): Promise<IssuedTicket> {
    return this.counted(request, async (address) => {
      let subject = '';
      let requests = 1;
      const issued = await this.unlessShutOut(address, async () => {
        const shown = await read();
        // With a key there was a request for a challenge before.
        if (shown.key !== undefined) requests = 2;
        return this.neededDesk.exchange(shown, (event) => {
          ({ subject } = event);
          this.note(address, event);
        });
      });
      await this.limits.letIn(address, subject, requests);
      return issued;
    });
  }

  /** Lets a request read the metrics or the dashboard: from this machine, or with the role. Throws as `admit` does. */
  admitReader(request: IncomingMessage): Promise<void> {
    return this.counted(request, async (address) => {
      // Under a foreign host name a request is not local, even if the name resolves to this machine.
      if (isLocal(request) && this.origins.isOfThisMachine(this.claimOf(request))) return;
      const what = 'metrics and dashboard are for this machine only';
      if (!this.desk) throw new TandemError('WRONG_ROLE', what, 'start it with --entry');
      await this.holder(address, (desk) => desk.admitToMetrics(ticketOf(request)));
    });
  }

  /** Lets a client that may join or infer see what the run is about. Throws as `admit` does. */
  admitVisitor(request: IncomingMessage): Promise<Grant | null> {
    return this.counted(request, (address) => this.holder(address, (desk) => desk.admitLink(ticketOf(request))));
  }

  /** Lets a client fetch the merged model: with the role, or anybody where no tickets are needed. Throws as `admit` does. */
  admitToModel(request: IncomingMessage): Promise<Grant | null> {
    return this.counted(request, (address) => this.holder(address, (desk) => desk.admitToModel(ticketOf(request))));
  }

  note(address: string, event: Partial<AccessEvent> & Pick<AccessEvent, 'what'>): void {
    const { what, subject = null, role = null, code = null, reason = null } = event;
    this.options.onEvent?.({ kind: 'access', what, address, subject, role, code, reason });
  }

  /** A refusal of an open link. */
  strike(address: string, code: string): void {
    void this.limits.strike(address, code).then((out) => {
      if (out) this.note(address, { what: 'struck-out', code });
    });
  }

  /** The desk that issues tickets. Throws BAD_OPTION where there is none. */
  get neededDesk(): EntryDesk {
    if (this.desk) return this.desk;
    throw new TandemError('BAD_OPTION', 'this server takes clients without tickets', 'join without --invite and --key');
  }

  private counted<T>(request: IncomingMessage, work: (address: string) => Promise<T>): Promise<T> {
    return this.noting(request, async (address) => {
      const shutOut = this.desk ? undefined : await this.limits.shutOut(address);
      if (shutOut) throw shutOut;
      await this.limits.request(address);
      this.origins.check(this.claimOf(request));
      return work(address);
    });
  }

  /** The grant of a good ticket, or null where none is needed. Its requests count for its holder, not for the address. */
  private async holder(address: string, admit: (desk: EntryDesk) => Promise<Grant>): Promise<Grant | null> {
    const { desk } = this;
    const grant = await this.unlessShutOut(address, async () => desk && admit(desk));
    if (grant) await this.limits.letIn(address, grant.subject, 1);
    return grant;
  }

  /** A whole class may be behind one blocked address: a good ticket still comes in, others are told to wait. */
  private async unlessShutOut<T>(address: string, work: () => Promise<T>): Promise<T> {
    const shutOut = await this.limits.shutOut(address);
    try {
      return await work();
    } catch (error) {
      throw shutOut ?? error;
    }
  }

  private claimOf(request: IncomingMessage): PageClaim {
    const { origin, host } = request.headers;
    return { origin, host, forwardedHost: this.options.proxies.read(request).forwardedHost };
  }

  private async noting<T>(request: IncomingMessage, work: (address: string) => Promise<T>): Promise<T> {
    const address = this.addressOf(request);
    try {
      return await work(address);
    } catch (error) {
      const { code, message } = asTandemError(error);
      this.note(address, { what: 'refused', code, reason: message });
      this.strike(address, code);
      throw error;
    }
  }
}

/** Programs send it as Authorization; scripts of a page can set no header and send it among the subprotocols. */
function ticketOf({ headers }: IncomingMessage): string | undefined {
  const bearer = bearerOf(headers.authorization);
  if (bearer !== undefined) return bearer;
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  return offered.find((name) => name.startsWith(TICKET_SUBPROTOCOL))?.slice(TICKET_SUBPROTOCOL.length);
}

export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** The subprotocol that is spoken; never the one with the ticket, which would come back to the client. */
export function chooseProtocol(offered: ReadonlySet<string>): string | false {
  return offered.has(SUBPROTOCOL) && SUBPROTOCOL;
}
