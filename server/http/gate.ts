import type { IncomingMessage } from 'node:http';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { SUBPROTOCOL, TICKET_SUBPROTOCOL } from '../../shared/entry-proof.js';
import type { AccessEvent } from '../../shared/access-event.js';
import type { OnEvent } from '../../shared/events.js';
import type { EntryDesk } from '../entry/entry-desk.js';
import type { Grant } from '../entry/grant.js';
import { addressOf, isLocal, isLoopback } from './address.js';
import type { Limits } from './limits.js';
import { hostnameOf, type Origins } from './origins.js';

export interface GateOptions {
  readonly limits: Limits;
  readonly origins: Origins;
  /** Null where nobody needs a ticket. */
  readonly desk: EntryDesk | null;
  readonly trustProxy: boolean;
  readonly onEvent?: OnEvent;
}

/** Everything that is asked of a request before it is answered or becomes a link. */
export class Gate {
  readonly limits: Limits;
  readonly origins: Origins;
  readonly desk: EntryDesk | null;

  constructor(private readonly options: GateOptions) {
    ({ limits: this.limits, origins: this.origins, desk: this.desk } = options);
  }

  addressOf(request: IncomingMessage): string {
    return addressOf(request, this.options.trustProxy);
  }

  /** Lets a link in, before the handshake. Throws TOO_MANY, WRONG_ORIGIN or NO_ENTRY, and notes who and why. */
  admit(request: IncomingMessage): Promise<Grant | null> {
    return this.noting(request, async (address) => {
      await this.limits.request(address);
      this.origins.check(request.headers);
      const grant = this.desk ? await this.desk.admitLink(ticketOf(request)) : null;
      if (grant) this.note(address, { what: 'admitted', ...grant });
      return grant;
    });
  }

  /** Any other request: limits and Origin, then `answer`. Throws what it throws, and notes refusals. */
  answer<T>(request: IncomingMessage, answer: (address: string) => Promise<T>): Promise<T> {
    return this.noting(request, async (address) => {
      await this.limits.request(address);
      this.origins.check(request.headers);
      return answer(address);
    });
  }

  /** Lets somebody look, at the metrics or at the dashboard: this machine, or who has the role. Throws as `admit` does. */
  admitReader(request: IncomingMessage): Promise<void> {
    return this.answer(request, async () => {
      const { origin } = request.headers;
      // A page with a name of its own is not this machine, wherever the name resolves to.
      if (isLocal(request) && (origin === undefined || isLoopback(hostnameOf(origin)))) return;
      const what = 'metrics and dashboard are for this machine only';
      if (!this.desk) throw new TandemError('WRONG_ROLE', what, 'start it with --entry');
      await this.desk.admitToMetrics(ticketOf(request));
    });
  }

  /** Lets somebody have the merged model: who has the role, or where nobody needs one, who reaches the server. Throws as `admit` does. */
  admitToModel(request: IncomingMessage): Promise<Grant | null> {
    return this.answer(request, async () => {
      if (this.desk) return this.desk.admitToModel(ticketOf(request));
      // A plain GET of a page that makes its own name resolve to this machine has no Origin, and says that name as its Host.
      const { host } = request.headers;
      this.origins.check({ host, origin: `http://${host ?? ''}` });
      return null;
    });
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
export function ticketOf({ headers }: IncomingMessage): string | undefined {
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
