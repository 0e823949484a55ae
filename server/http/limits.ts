import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AskedToWait } from '../../shared/asked-to-wait.js';
import { TandemError } from '../../shared/errors.js';
import type { RefusalCode } from '../../shared/refusals.js';
import { isLoopback, limitKey } from './address.js';
import { InferLinks } from './infer-links.js';
import { SocketBuckets } from './socket-buckets.js';

export interface LimitOptions {
  /** Sockets open at once. */
  readonly connections: number;
  /** Of them from one address, which may open twice as many in twenty seconds. */
  readonly connectionsPerAddress: number;
  /** Sockets open at once without a hello so far. */
  readonly newcomers: number;
  /** Links with the role infer at once: each was sent all weights of the bottom. */
  readonly inferring: number;
  /** Requests and handshakes of one address in a minute. Files of pages, and requests with a good invite or key, count apart. */
  readonly requestsPerMinute: number;
  /** Messages of one link in a second. */
  readonly messagesPerSecond: number;
  /** Refusals within `blockSeconds` after which an address is refused for `blockSeconds`. */
  readonly strikes: number;
  readonly blockSeconds: number;
  /** Bytes that all links together may buffer: incomplete messages, and replies that were not taken yet. */
  readonly waitingBytes: number;
  /** Until a new link's first message. */
  readonly helloSeconds: number;
  /** Whether this machine's own addresses are held to the limits by address, too. */
  readonly limitLoopback: boolean;
}

/** Refusals that no honest client earns: each is a strike. */
const STRIKES: ReadonlySet<string> = new Set<RefusalCode>([
  'NO_ENTRY',
  'WRONG_ROLE',
  'WRONG_ORIGIN',
  'TOO_MANY',
  'BAD_FRAME',
  'BAD_MESSAGE',
  'BAD_STATE',
  'BAD_SHAPE',
  'TOO_LARGE',
]);

/** Scripts, styles and wasm files that a page may load, for each request that an address has. */
const FILES_A_REQUEST = 32;

/** Enough for any run of this size, and little enough for a small machine. */
export function limitsFor(clients: number, maxMessageBytes: number, given: Partial<LimitOptions> = {}): LimitOptions {
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    // A browser opens six beside its link, and a whole class may be behind one address.
    connections: 256 + 8 * clients,
    connectionsPerAddress: 64 + 8 * clients,
    newcomers: 128 + 2 * clients,
    inferring: 64,
    requestsPerMinute: 120 + 8 * clients,
    messagesPerSecond: 20_000,
    strikes: 3,
    blockSeconds: 60,
    waitingBytes: Math.max(32 * 1024 * 1024, 3 * (clients + 1) * maxMessageBytes),
    helloSeconds: 10,
    limitLoopback: false,
    ...known,
  };
}

/** Rate limits and bounds, by address. */
export class Limits {
  private open = 0;
  /** Links that ask for predictions. */
  readonly inferLinks: InferLinks;
  private readonly openByAddress = new Map<string, number>();
  private readonly buckets: SocketBuckets;
  private readonly requests: RateLimiterMemory;
  private readonly files: RateLimiterMemory;
  private readonly holders: RateLimiterMemory;
  private readonly strikes: RateLimiterMemory;
  private readonly messages: RateLimiterMemory;

  constructor(readonly options: LimitOptions) {
    this.inferLinks = new InferLinks(options.inferring);
    this.buckets = new SocketBuckets(options.connectionsPerAddress);
    const { requestsPerMinute, strikes, blockSeconds, messagesPerSecond } = options;
    this.requests = new RateLimiterMemory({ keyPrefix: '', points: requestsPerMinute, duration: 60 });
    this.files = new RateLimiterMemory({ keyPrefix: '', points: FILES_A_REQUEST * requestsPerMinute, duration: 60 });
    this.holders = new RateLimiterMemory({ keyPrefix: '', points: requestsPerMinute, duration: 60 });
    this.strikes = new RateLimiterMemory({ keyPrefix: '', points: strikes, duration: blockSeconds });
    this.messages = new RateLimiterMemory({ keyPrefix: '', points: messagesPerSecond, duration: 1 });
  }

  /** Counts a new socket. Returns what to call when it has closed, or undefined when there are too many. A proxy's sockets belong to many clients. */
  connect(address: string, isProxy = false): (() => void) | undefined {
    const key = limitKey(address);
    const mine = this.openByAddress.get(key) ?? 0;
    const { connections, connectionsPerAddress } = this.options;
    const isBounded = this.limits(address) && !isProxy;
    if (this.open >= connections || (isBounded && mine >= connectionsPerAddress)) return undefined;
    if (isBounded && !this.buckets.opens(key)) return undefined;
    this.open++;
    this.openByAddress.set(key, mine + 1);
    return () => {
      this.open--;
      const left = (this.openByAddress.get(key) ?? 1) - 1;
      if (left > 0) this.openByAddress.set(key, left);
      else this.openByAddress.delete(key);
    };
  }

  /** Counts a request. Throws TOO_MANY for an address that asks too often. */
  async request(address: string): Promise<void> {
    const key = limitKey(address);
    if (!this.limits(address) || (await passes(this.requests, key))) return;
    const what = `more than ${this.options.requestsPerMinute} requests came in a minute`;
    throw new AskedToWait(what, undefined, secondsLeft(await this.requests.get(key)));
  }

  /** The same for what a page loads with itself. */
  async file(address: string): Promise<void> {
    if (!this.limits(address) || (await passes(this.files, limitKey(address)))) return;
    const what = 'more files of pages were asked for in a minute than any number of visitors needs';
    throw new AskedToWait(what, undefined, secondsLeft(await this.files.get(limitKey(address))));
  }

  /** The refusal of an address that is blocked for a while; else undefined. */
  async shutOut(address: string): Promise<TandemError | undefined> {
    if (!this.limits(address)) return undefined;
    const { strikes, blockSeconds } = this.options;
    const struck = await this.strikes.get(limitKey(address));
    if (!struck || struck.consumedPoints < strikes) return undefined;
    const what = `this address was refused ${strikes} times`;
    return new AskedToWait(what, `wait ${blockSeconds} seconds`, secondsLeft(struck));
  }

  /** After a good invite, key or ticket: counts the requests for its holder instead of its address. */
  async letIn(address: string, subject: string, requests: number): Promise<void> {
    if (!this.limits(address) || !(await passes(this.holders, subject, requests))) return;
    await this.requests.reward(limitKey(address), requests);
  }

  /** Counts a message. Throws TOO_MANY over the rate. */
  async message(link: string): Promise<void> {
    if (await passes(this.messages, link)) return;
    throw new TandemError('TOO_MANY', `more than ${this.options.messagesPerSecond} messages came in a second`);
  }

  /** Notes a refusal. Returns whether it was the last strike, which blocks the address. */
  async strike(address: string, code: string): Promise<boolean> {
    if (!STRIKES.has(code) || !this.limits(address)) return false;
    const key = limitKey(address);
    const { strikes, blockSeconds } = this.options;
    const before = (await this.strikes.get(key))?.consumedPoints ?? 0;
    if (before >= strikes) return false;
    await passes(this.strikes, key);
    if (before + 1 < strikes) return false;
    await this.strikes.block(key, blockSeconds);
    return true;
  }

  private limits(address: string): boolean {
    return this.options.limitLoopback || !isLoopback(address);
  }
}

async function passes(limiter: RateLimiterMemory, key: string, points = 1): Promise<boolean> {
  try {
    await limiter.consume(key, points);
    return true;
  } catch (error) {
    if (error instanceof RateLimiterRes) return false;
    throw error;
  }
}

function secondsLeft(count: RateLimiterRes | null): number {
  return Math.ceil((count?.msBeforeNext ?? 0) / 1000);
}
