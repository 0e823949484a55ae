import { realClock, type Clock } from '../shared/clock.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { pauseSeconds, usualBackoff, type BackoffOptions } from '../shared/session/backoff.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { Transport } from '../shared/transport/transport.js';

export interface ReconnectOptions {
  /** Opens a new transport: to the address the server gave when it went away, or to the one from before. Throws UNREACHABLE. */
  readonly connect: (address: string | null) => Promise<Transport>;
  /** Seconds without a link after which the run is given up. */
  readonly patienceSeconds?: number | undefined;
  readonly backoff?: BackoffOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Takes what is to be called when an attempt is likely to succeed, so that no pause is waited for; answers how to stop that. */
  readonly onHurry?: ((callback: () => void) => () => void) | undefined;
  /** A number in [0, 1), for the pauses. */
  readonly random?: (() => number) | undefined;
}

/** Five minutes: a server may have to be started again. */
const PATIENCE_SECONDS = 300;
/** Only a link that has stayed up for as long counts as a success. */
const STABLE_SECONDS = 5;

/** Brings a client's session back to its server, whenever the link is lost, until patience runs out. */
export class Reconnect {
  private failures = 0;
  private waited = 0;
  private address: string | null = null;
  private cancelLast: () => void = () => undefined;
  /** The attempt that a pause comes before. */
  private next: (() => void) | undefined;
  private readonly stopHurry: (() => void) | undefined;
  private stopped = false;

  constructor(private readonly options: ReconnectOptions) {
    this.stopHurry = options.onHurry?.(() => this.hurry());
  }

  get clock(): Clock {
    return this.options.clock ?? realClock;
  }

  /** The link is lost: waits, tries, and goes on trying. */
  lost(link: LastingLink, why: TandemError): void {
    const { away } = link;
    if (away?.address) this.address = away.address;
    const { backoff = usualBackoff, random = Math.random, patienceSeconds = PATIENCE_SECONDS } = this.options;
    const pause = (away?.seconds ?? 0) + pauseSeconds(this.failures, random(), backoff);
    this.failures++;
    this.waited += pause;
    if (this.waited > patienceSeconds) {
      const gone = `the server did not come back within ${patienceSeconds} s`;
      link.end(new TandemError('LINK_LOST', `${gone}; before that, ${why.message}`));
      return;
    }
    this.next = () => void this.attempt(link);
    this.after(pause, () => this.attemptNext());
  }

  /** The session goes on; the next loss starts from the shortest pause again if the link stays up. */
  back(): void {
    this.after(STABLE_SECONDS, () => this.beginAnew());
  }

  stop(): void {
    this.stopped = true;
    this.stopHurry?.();
    this.cancelLast();
  }

  private hurry(): void {
    this.beginAnew();
    if (this.next) this.attemptNext();
  }

  private beginAnew(): void {
    this.failures = 0;
    this.waited = 0;
  }

  private attemptNext(): void {
    this.cancelLast();
    const { next } = this;
    this.next = undefined;
    next?.();
  }

  private async attempt(link: LastingLink): Promise<void> {
    let transport: Transport;
    try {
      transport = await this.options.connect(this.address);
    } catch (error) {
      if (this.stopped) return;
      if (isAbsence(error)) this.lost(link, asTandemError(error));
      else link.end(asTandemError(error));
      return;
    }
    if (this.stopped) transport.close();
    else link.resume(transport);
  }

  private after(seconds: number, callback: () => void): void {
    this.cancelLast();
    this.cancelLast = this.clock.after(seconds, callback);
  }
}

/** A transport at once, or where nobody answers, tried for as `connectAgain` does. */
export async function connectPatiently(options: ReconnectOptions): Promise<Transport> {
  try {
    return await options.connect(null);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    return connectAgain(options);
  }
}

/** Whether nobody answers for now. */
function isAbsence(error: unknown): boolean {
  const { code } = asTandemError(error);
  return code === 'UNREACHABLE' || code === 'LINK_LOST';
}

/** A new transport, tried for until patience runs out. Throws what the last attempt threw, and CANCELLED for who leaves meanwhile. */
export async function connectAgain(options: ReconnectOptions, leave?: AbortSignal): Promise<Transport> {
  const { clock = realClock, backoff = usualBackoff, random = Math.random } = options;
  const { patienceSeconds = PATIENCE_SECONDS, onHurry } = options;
  for (let failures = 0, waited = 0; ; failures++) {
    const pause = pauseSeconds(failures, random(), backoff);
    waited += pause;
    await pauseOrHurry(pause, clock, onHurry, leave);
    if (leave?.aborted) throw new TandemError('CANCELLED', 'the client left before it was in');
    try {
      return await options.connect(null);
    } catch (error) {
      if (!isAbsence(error) || waited > patienceSeconds) throw error;
    }
  }
}

function pauseOrHurry(
  seconds: number,
  clock: Clock,
  onHurry: ReconnectOptions['onHurry'],
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
