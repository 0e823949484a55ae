import { realClock, type Clock } from '../shared/clock.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { pauseSeconds, usualBackoff, type BackoffOptions } from '../shared/session/backoff.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { Transport } from '../shared/transport/transport.js';
import { waitAfter, type Standing } from './link-faults.js';
import { spanOf, type OnLinkNews } from './link-news.js';

export interface ReconnectOptions {
  /** Opens a new transport, to `address` where the server has sent this client there. Throws a LinkFault, and the server's refusal. */
  readonly connect: (address: string | null) => Promise<Transport>;
  /** Seconds without a link after which the run is given up. */
  readonly patienceSeconds?: number | undefined;
  readonly backoff?: BackoffOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Registers a callback for when an attempt is likely to succeed, which ends the pause before it. Returns how to stop that. */
  readonly onHurry?: ((callback: () => void) => () => void) | undefined;
  /** Told when a link is lost, why it cannot be opened again yet, and when it is back. */
  readonly onNews?: OnLinkNews | undefined;
  /** A number in [0, 1), for the pauses. */
  readonly random?: (() => number) | undefined;
}

/** Five minutes: a server may have to be started again. */
const PATIENCE_SECONDS = 300;
/** A link that stays up for so long resets the backoff. */
const STABLE_SECONDS = 5;

/** How long a new link waits to see whether the old one speaks again after all. */
const SPEAK_SECONDS = 1;

/** Backoff and patience of a series of attempts. */
class Attempts {
  private failures = 0;
  private seconds = 0;
  private startedMs: number | undefined;
  private told = '';

  constructor(private readonly options: Omit<ReconnectOptions, 'connect'>) {}

  get patienceSeconds(): number {
    return this.options.patienceSeconds ?? PATIENCE_SECONDS;
  }

  /** The pause before the next attempt, after the seconds that a server asked for; undefined once patience has run out. */
  pause(askedSeconds = 0): number | undefined {
    const { backoff = usualBackoff, random = Math.random } = this.options;
    const own = pauseSeconds(this.failures++, random(), backoff);
    this.seconds += own;
    return this.seconds > this.patienceSeconds ? undefined : askedSeconds + own;
  }

  begin(): void {
    this.startedMs = performance.now();
  }

  /** Counts a failed attempt with the time it took. */
  failed({ message }: TandemError, askedSeconds: number): void {
    this.seconds += askedSeconds;
    if (this.startedMs !== undefined) this.seconds += (performance.now() - this.startedMs) / 1000;
    this.startedMs = undefined;
    if (message === this.told) return;
    this.told = message;
    this.options.onNews?.({ kind: 'waiting', reason: message, patienceSeconds: this.patienceSeconds });
  }

  beginAnew(): void {
    this.failures = 0;
    this.seconds = 0;
    this.told = '';
  }
}

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

/** A new transport after a pause, then as `connectPatiently`. */
export async function connectAgain(
  options: ReconnectOptions,
  standing: Standing,
  leave?: AbortSignal,
): Promise<Transport> {
  const attempts = new Attempts(options);
  await pauseOrHurry(attempts.pause() ?? 0, options, leave);
  return patiently(() => options.connect(null), options, standing, leave, attempts);
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
