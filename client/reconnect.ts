import { realClock, type Clock } from '../shared/clock.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { pauseSeconds, usualBackoff, type BackoffOptions } from '../shared/session/backoff.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { Transport } from '../shared/transport/transport.js';
import { waitAfter, type Standing } from './link-faults.js';
import { spanOf, type OnLinkNews } from './link-news.js';

export interface ReconnectOptions {
  /** Opens a new transport: to the address the server gave when it went away, or to the one from before. Throws a LinkFault, and what the server refuses. */
  readonly connect: (address: string | null) => Promise<Transport>;
  /** Seconds without a link after which the run is given up. */
  readonly patienceSeconds?: number | undefined;
  readonly backoff?: BackoffOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Takes what is to be called when an attempt is likely to succeed, so that no pause is waited for; returns how to stop that. */
  readonly onHurry?: ((callback: () => void) => () => void) | undefined;
  /** Told when a link is lost, why it cannot be opened again yet, and when it is back. */
  readonly onNews?: OnLinkNews | undefined;
  /** A number in [0, 1), for the pauses. */
  readonly random?: (() => number) | undefined;
}

/** Five minutes: a server may have to be started again. */
export const PATIENCE_SECONDS = 300;
/** Only a link that has stayed up for as long counts as a success. */
const STABLE_SECONDS = 5;

/** For what a server says on the link that stands as soon as it can. */
const SPEAK_SECONDS = 1;

/** How long attempts have been made, and what they have failed for. */
class Attempts {
  private failures = 0;
  private seconds = 0;
  private startedMs: number | undefined;
  private told = '';

  constructor(private readonly options: Omit<ReconnectOptions, 'connect'>) {}

  get patienceSeconds(): number {
    return this.options.patienceSeconds ?? PATIENCE_SECONDS;
  }

  /** The pause before the next attempt, added to what somebody asked for; undefined once patience has run out. */
  pause(askedSeconds = 0): number | undefined {
    const { backoff = usualBackoff, random = Math.random } = this.options;
    const own = pauseSeconds(this.failures++, random(), backoff);
    this.seconds += own;
    return this.seconds > this.patienceSeconds ? undefined : askedSeconds + own;
  }

  begin(): void {
    this.startedMs = performance.now();
  }

  /** An attempt may take its time before it fails. */
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
  /** The attempt that a pause comes before. */
  private next: (() => void) | undefined;
  private readonly stopHurry: (() => void) | undefined;
  private stopped = false;
  private lostMs: number | undefined;
  /** Since when nothing has come over a link that stands. */
  private silentMs: number | undefined;
  private isTryingBeside = false;

  constructor(private readonly options: ReconnectOptions) {
    this.attempts = new Attempts(options);
    this.stopHurry = options.onHurry?.(() => this.hurry());
  }

  get clock(): Clock {
    return this.options.clock ?? realClock;
  }

  /** The link is lost: waits, tries, and goes on trying. */
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
   * Nothing comes over a link that stands. Its server may be at work in one piece, or the network may be silent: another link is opened, which
   * a server at work answers no sooner than it speaks on the first one. So the first is given up only where the other one is better.
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

  /** The session goes on; the next loss starts from the shortest pause again if the link stays up. */
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
      // The link that stands is as good as any; at the next beat another attempt is made.
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
 * What needs a server that may not be there for now: tried at once, and where waiting can help, until patience runs out. Throws what
 * the last attempt threw, and CANCELLED for who leaves meanwhile.
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
