import { goodbye, whyGone } from '../client/farewell.js';
import { openLink } from '../client/open-link.js';
import { Reconnect, type ReconnectOptions } from '../client/reconnect.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import type { ByteCounts } from '../shared/protocol/byte-meter.js';
import type { Message } from '../shared/protocol/messages.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { Codec } from '../shared/wire/codec.js';
import type { Transport } from '../shared/transport/transport.js';

export interface UpstreamSessionOptions {
  /** How a lost link is opened again. */
  readonly reconnect: ReconnectOptions;
  readonly heartbeatSeconds?: number | undefined;
  /** Custom codecs. */
  readonly codecs?: readonly Codec[];
}

export interface UpstreamSessionOwner {
  /** Takes a message of the server. The next is read when this resolves, so a server that floods only fills its own link. */
  received(message: Message): Promise<void>;
  /** The session has ended before the run was over. */
  failed(error: TandemError): void;
}

/** How long a lost server may take to come back for the last message. */
const FAREWELL_SECONDS = 5;

/** A relay's session with the server on behalf of one client, over one link after the other. */
export class UpstreamSession {
  private readonly reconnect: Reconnect;
  private readonly link: LastingLink;
  private over = false;
  /** Whether the server is still being told the reason for the end. */
  private saying = false;
  /** Resolves when the session has ended. */
  readonly gone: Promise<void>;

  constructor(
    transport: Transport,
    options: UpstreamSessionOptions,
    private readonly owner: UpstreamSessionOwner,
  ) {
    this.reconnect = new Reconnect(options.reconnect);
    this.link = openLink(transport, this.reconnect, options);
    this.gone = this.read();
  }

  get bytes(): ByteCounts {
    return this.link.meter.counts;
  }

  /** The capabilities that the client, the server and this relay all have. */
  get agreed(): readonly string[] {
    return this.link.codec.agreed;
  }

  send(message: Message): void {
    this.link.send(message);
  }

  /** The run is over: tells the server that this was received, and ends when it knows. */
  farewell(): void {
    this.over = true;
    if (this.link.session === '') {
      this.close();
      return;
    }
    this.link.heardAll();
    const giveUp = this.reconnect.clock.after(FAREWELL_SECONDS, () => this.link.close());
    void this.gone.then(giveUp);
  }

  /** The client has left on purpose. */
  leave(): void {
    goodbye(this.link);
    this.close();
  }

  /** Ends the session, with a reason if the server is to be told one. */
  close(reason?: TandemError): void {
    this.over = true;
    const end = () => {
      this.reconnect.stop();
      this.link.close();
    };
    this.saying = reason !== undefined;
    if (reason) void whyGone(this.link, reason, this.reconnect).then(end);
    else end();
  }

  private async read(): Promise<void> {
    try {
      for await (const message of this.link.messages()) {
        if (!this.over) await this.owner.received(message);
        this.link.took();
      }
      if (!this.over) throw new TandemError('LINK_LOST', 'the server closed the link before the run ended');
    } catch (error) {
      if (!this.over) this.owner.failed(asTandemError(error));
    } finally {
      if (!this.saying) this.reconnect.stop();
    }
  }
}
