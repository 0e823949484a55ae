import { realClock, type Clock } from '../shared/clock.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { Transport } from '../shared/transport/transport.js';
import { Attempts, type AttemptsOptions } from './attempts.js';
import { waitAfter, type Standing } from './link-faults.js';
import { spanOf } from './link-news.js';

export interface ReconnectOptions extends AttemptsOptions {
  /** Opens a new transport, to `address` where the server has sent this client there. Throws a LinkFault, and the server's refusal. */
  readonly connect: (address: string | null) => Promise<Transport>;
  readonly clock?: Clock | undefined;
  /** Registers a callback for when an attempt is likely to succeed, which ends the pause before it. Returns how to stop that. */
  readonly onHurry?: ((callback: () => void) => () => void) | undefined;
}

/** A link that stays up for so long resets the backoff. */
const STABLE_SECONDS = 5;

/** How long a new link waits to see whether the old one speaks again after all. */
const SPEAK_SECONDS = 1;

/** Brings a client's session back to its server, whenever the link is lost, until patience runs out. */
export class Reconnect {
  private readonly attempts: Attempts;
  private address: string | null = null;
  private cancelLast: () => void = () => undefined;
  /** The attempt after the present pause. */
  private next: (() => void) | undefined;
  private readonly stopHurry: (() => void) | undefined;
  private stopped = false;
  private lostMs: number | undefined;
  /** Since when a link that stands has been silent. */
  private silentMs: number | undefined;
  private isTryingBeside = false;

  constructor(private readonly options: ReconnectOptions) {
    this.attempts = new Attempts(options);
    this.stopHurry = options.onHurry?.(() => this.hurry());
  }

  get clock(): Clock {
    return this.options.clock ?? realClock;
  }

  /** The link is lost: tries to open another one until patience runs out. */
  lost(link: LastingLink, why: TandemError): void {
    const { away } = link;
    if (away?.address) this.address = away.address;
    if (this.lostMs === undefined) {
      this.lostMs = performance.now();
      const reason = away ? `the server went away for ${away.seconds} s` : why.message;
      this.options.onNews?.({ kind: 'lost', reason, graceSeconds: link.graceSeconds });
    }
    this.tryAgain(link, why, away?.seconds);
  }

  /**
   * The link stands and is silent: the server may be computing, or the network dead. Opens another link beside it, and gives the first one up only
   * if the other one is better: a server that computes answers neither of them.
   */
  silent(link: LastingLink, seconds: number): void {
    if (this.stopped || this.isTryingBeside) return;
    if (this.silentMs === undefined) this.options.onNews?.({ kind: 'silent', seconds });
    this.silentMs = performance.now() - 1000 * seconds;
    if (seconds > this.attempts.patienceSeconds) {
      link.end(
        new TandemError('LINK_LOST', `nothing was heard from the server for ${spanOf(this.attempts.patienceSeconds)}`),
      );
      return;
    }
    this.isTryingBeside = true;
    void this.tryBeside(link).finally(() => (this.isTryingBeside = false));
  }

  /** The session goes on. If the link stays up, the backoff begins anew. */
  back(): void {
    if (this.lostMs !== undefined) {
      this.options.onNews?.({ kind: 'back', seconds: (performance.now() - this.lostMs) / 1000 });
      this.lostMs = undefined;
    }
    this.silentMs = undefined;
    this.after(STABLE_SECONDS, () => this.attempts.beginAnew());
  }

  stop(): void {
    this.stopped = true;
    this.stopHurry?.();
    this.cancelLast();
  }

  private tryAgain(link: LastingLink, why: TandemError, askedSeconds?: number): void {
    const pause = this.attempts.pause(askedSeconds);
    if (pause === undefined) {
      const gone = `the server did not come back within ${spanOf(this.attempts.patienceSeconds)}`;
      link.end(new TandemError('LINK_LOST', `${gone}; before that, ${why.message}`));
      return;
    }
    this.next = () => void this.attempt(link);
    this.after(pause, () => this.attemptNext());
  }

  private hurry(): void {
    this.attempts.beginAnew();
    if (this.next) this.attemptNext();
  }

  private attemptNext(): void {
    this.cancelLast();
    const { next } = this;
    this.next = undefined;
    next?.();
  }

  private async tryBeside(link: LastingLink): Promise<void> {
    let transport: Transport;
    try {
      transport = await this.options.connect(this.address);
    } catch {
      // The silent link is as good as any; the next beat tries again.
      return;
    }
    await new Promise<void>((resolve) => this.clock.after(SPEAK_SECONDS, resolve));
    if (this.stopped || this.next || !link.isSilent) {
      transport.close();
      return;
    }
    this.lostMs = this.silentMs;
    link.resume(transport);
  }

  private async attempt(link: LastingLink): Promise<void> {
    let transport: Transport;
    try {
      this.attempts.begin();
      transport = await this.options.connect(this.address);
    } catch (thrown) {
      if (this.stopped) return;
      const error = asTandemError(thrown);
      const wait = waitAfter(error, 'known');
      if (!wait) return link.end(error);
      this.attempts.failed(error, wait.seconds);
      return this.tryAgain(link, error, wait.seconds);
    }
    if (this.stopped) transport.close();
    else link.resume(transport);
  }

  private after(seconds: number, callback: () => void): void {
    this.cancelLast();
    this.cancelLast = this.clock.after(seconds, callback);
  }
}

/** A transport at once, or where waiting can help, after some attempts. Throws as `patiently` does. */
export function connectPatiently(
  options: ReconnectOptions,
  standing: Standing,
  leave?: AbortSignal,
): Promise<Transport> {
  return patiently(() => options.connect(null), options, standing, leave);
}

/** A new transport to a server that was there before, after a pause. Throws as `patiently` does. */
export async function connectAgain(
  options: ReconnectOptions,
  leave?: AbortSignal,
  seconds?: number,
): Promise<Transport> {
  const attempts = new Attempts(options);
  await pauseOrHurry(seconds ?? attempts.pause() ?? 0, options, leave);
  return patiently(() => options.connect(null), options, 'known', leave, attempts);
}

/**
 * Retries `work`, which needs a server that may be away, where waiting can help, until patience runs out. Throws what the last
 * attempt threw, and CANCELLED when `leave` is aborted.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  options: Omit<ReconnectOptions, 'connect'>,
  standing: Standing,
  leave?: AbortSignal,
  attempts = new Attempts(options),
): Promise<T> {
  for (;;) {
    if (leave?.aborted) throw new TandemError('CANCELLED', 'the client left before it was in');
    attempts.begin();
    try {
      return await work();
    } catch (thrown) {
      const error = asTandemError(thrown);
      const wait = waitAfter(error, standing);
      if (!wait) throw thrown;
      attempts.failed(error, wait.seconds);
      const pause = attempts.pause(wait.seconds);
      if (pause === undefined) throw thrown;
      await pauseOrHurry(pause, options, leave);
    }
  }
}

function pauseOrHurry(
  seconds: number,
  { clock = realClock, onHurry }: Omit<ReconnectOptions, 'connect'>,
  leave: AbortSignal | undefined,
): Promise<void> {
  if (leave?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      stop?.();
      leave?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(seconds, done);
    const stop = onHurry?.(done);
    leave?.addEventListener('abort', done);
  });
}
