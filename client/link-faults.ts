import { AskedToWait } from '../shared/asked-to-wait.js';
import { TandemError } from '../shared/errors.js';
import type { RefusalCode } from '../shared/refusals.js';

/**
 * Whether waiting can help. `asked`: the server asks to wait. `away`: nothing answers, as while a server restarts. `odd`: something
 * other than a Tandem server answers, which may be temporary where one is known to be. `never`: a person has to act.
 */
export type Passes = 'asked' | 'away' | 'odd' | 'never';

interface Row {
  readonly code: RefusalCode;
  readonly passes: Passes;
  /** What happened; `detail` is what was seen. */
  readonly says: (place: Place, detail: string) => string;
  readonly action: (place: Place, detail: string) => string;
}

interface Place {
  /** Such as `127.0.0.1:8080`. */
  readonly host: string;
  /** Such as `ws://127.0.0.1:8080`, whatever was asked for there. */
  readonly at: string;
}

const CHECK = () => 'check the address and that the server is running';
const TRUST = () =>
  "name the certificate authority's file with --ca, or put a certificate on the server that is trusted";

/** Every reason why a link, a ticket or a file cannot be had: its message, and whether waiting can help. */
export const linkFaults = {
  refused: {
    code: 'UNREACHABLE',
    passes: 'away',
    says: ({ at }) => `no Tandem server answers at ${at}`,
    action: CHECK,
  },
  silent: {
    code: 'UNREACHABLE',
    passes: 'away',
    says: ({ at }, detail) => `nothing comes back from ${at} (${detail})`,
    action: () => 'check the address, and that no firewall swallows what is sent there',
  },
  noWay: {
    code: 'UNREACHABLE',
    passes: 'away',
    says: ({ at }, detail) => `there is no way from here to ${at} (${detail})`,
    action: () => "check this machine's network",
  },
  noLookup: {
    code: 'UNREACHABLE',
    passes: 'away',
    says: ({ host }) => `the name of ${host} cannot be looked up for now`,
    action: () => "check this machine's network",
  },
  noName: {
    code: 'UNREACHABLE',
    passes: 'odd',
    says: ({ host }) => `there is no host of the name in ${host}`,
    action: () => 'check the address for a typing error',
  },
  reset: {
    code: 'UNREACHABLE',
    passes: 'asked',
    says: ({ at }) => `the server at ${at} is not there for now (the link was cut while it was opened)`,
    action: () => 'try again in a moment; if that does not help, look at its log',
  },
  down: {
    code: 'UNREACHABLE',
    passes: 'asked',
    says: ({ at }, detail) => `the server behind ${at} is not there for now (${detail})`,
    action: () => 'try again in a moment; if that does not help, look at the logs of the proxy and of the server',
  },
  busy: {
    code: 'TOO_MANY',
    passes: 'asked',
    says: ({ at }, detail) => `${at} asks to wait (${detail})`,
    action: () => 'wait, then try again',
  },
  notFound: {
    code: 'BAD_ADDRESS',
    passes: 'odd',
    says: ({ at }) => `there is no Tandem server at this path of ${at} (404)`,
    action: () => 'give the whole address, with the path under which a proxy has the server',
  },
  moved: {
    code: 'BAD_ADDRESS',
    passes: 'odd',
    says: ({ at }, detail) => `${at} sends elsewhere, to ${detail}`,
    action: (_place, detail) => `give that address, with ws for http: ${detail.replace(/^http/, 'ws')}`,
  },
  notTandem: {
    code: 'BAD_ADDRESS',
    passes: 'odd',
    says: ({ at }, detail) =>
      `what answers at ${at} is no Tandem server, or a proxy that opens no WebSocket (${detail})`,
    action: () => 'check the address; a proxy has to pass upgrades on (docs/operations.md)',
  },
  proxyAway: {
    code: 'UNREACHABLE',
    passes: 'away',
    says: ({ host }, detail) => `the proxy between here and ${host} does not answer (${detail})`,
    action: () => 'check HTTPS_PROXY, or name the server in NO_PROXY if no proxy is needed',
  },
  proxyDown: {
    code: 'UNREACHABLE',
    passes: 'asked',
    says: ({ host }, detail) => `the proxy does not reach ${host} for now (${detail})`,
    action: () => 'check the address and that the server is running, or name the server in NO_PROXY',
  },
  proxyLogin: {
    code: 'BAD_OPTION',
    passes: 'never',
    says: (_place, detail) => `the proxy ${detail} asks for a name and a password, or takes others (407)`,
    action: () => 'give them in HTTPS_PROXY, as http://name:password@proxy.example:3128',
  },
  proxyRefuses: {
    code: 'BAD_ADDRESS',
    passes: 'odd',
    says: ({ host }, detail) => `the proxy does not let this client through to ${host} (${detail})`,
    action: () => 'ask whoever runs the proxy to allow this host and port, or name the server in NO_PROXY',
  },
  needsTls: {
    code: 'BAD_ADDRESS',
    passes: 'never',
    says: ({ host }) => `${host} speaks TLS, and the address begins with ws://`,
    action: ({ host }) => `give wss://${host}`,
  },
  noTls: {
    code: 'BAD_ADDRESS',
    passes: 'never',
    says: ({ host }) => `${host} speaks no TLS, and the address begins with wss://`,
    action: ({ host }) => `give ws://${host}, or a certificate to the server`,
  },
  noCommonTls: {
    code: 'BAD_CERTIFICATE',
    passes: 'never',
    says: ({ host }, detail) => `${host} and this client agree on no way to speak TLS (${detail})`,
    action: () => 'let the server speak TLS 1.2 or newer',
  },
  chain: {
    code: 'BAD_CERTIFICATE',
    passes: 'never',
    says: ({ host }) =>
      `the certificate of ${host} cannot be checked: the server does not send the whole chain, or an unknown authority signed it`,
    action: () =>
      "put the intermediate certificates after the server's own in its file, or name the authority's file with --ca",
  },
  untrusted: {
    code: 'BAD_CERTIFICATE',
    passes: 'never',
    says: ({ host }, detail) => `the certificate of ${host} is not trusted here (${detail})`,
    action: TRUST,
  },
  expired: {
    code: 'BAD_CERTIFICATE',
    passes: 'never',
    says: ({ host }) => `the certificate of ${host} has expired`,
    action: () => "renew the server's certificate; if it is new, check this machine's clock",
  },
  notYetValid: {
    code: 'BAD_CERTIFICATE',
    passes: 'never',
    says: ({ host }) => `the certificate of ${host} is not valid yet`,
    action: () => "check this machine's clock",
  },
  wrongName: {
    code: 'BAD_CERTIFICATE',
    passes: 'never',
    says: ({ host }, detail) => `the certificate of ${host} is for another name (${detail})`,
    action: () => 'give the address with a name that is in the certificate',
  },
} as const satisfies Record<string, Row>;

export type LinkFaultName = keyof typeof linkFaults;

/** A link that could not be opened. It says whether waiting can help, and for how long the server asked to wait. */
export class LinkFault extends TandemError {
  readonly passes: Passes;

  constructor(
    readonly fault: LinkFaultName,
    url: string,
    detail = '',
    readonly afterSeconds = 0,
  ) {
    const { code, passes, says, action }: Row = linkFaults[fault];
    const place = placeOf(url);
    super(code, says(place, detail), action(place, detail));
    this.passes = passes;
  }
}

function placeOf(url: string): Place {
  const { protocol, host } = new URL(url);
  return { host, at: `${protocol.replace(/^http/, 'ws')}//${host}` };
}

/** The parts of an unexpected HTTP response that tell what went wrong. */
export interface HttpSign {
  readonly status: number;
  readonly type: string | undefined;
  readonly location?: string | undefined;
  readonly retryAfter?: string | undefined;
}

/** The fault behind an HTTP response that no Tandem server gives. */
export function faultOfAnswer(url: string, { status, type = '', location, retryAfter }: HttpSign): LinkFault {
  const what = `${status}${type.includes('html') ? ', a page of HTML' : ''}`;
  const seconds = secondsIn(retryAfter);
  if (status === 429) return new LinkFault('busy', url, what, seconds);
  if (status >= 500 || status === 408 || status === 425) return new LinkFault('down', url, what, seconds);
  if (status === 404 || status === 410) return new LinkFault('notFound', url);
  if (status >= 300 && status < 400 && location !== undefined)
    return new LinkFault('moved', url, location.slice(0, 300));
  return new LinkFault('notTandem', url, what);
}

/** The server's refusal, with the wait of its Retry-After header. */
export function withWait(refusal: TandemError, retryAfter: string | null | undefined): TandemError {
  if (refusal.code !== 'TOO_MANY') return refusal;
  return new AskedToWait(refusal.message, refusal.action, secondsIn(retryAfter ?? undefined) || USUAL_WAIT_SECONDS);
}

/** Longer waits that a header asks for are cut to this. */
const MOST_SECONDS = 600;
/** The wait where a server does not say how long. */
const USUAL_WAIT_SECONDS = 5;

/** Of `Retry-After`: seconds, or the date until which to wait. */
function secondsIn(retryAfter: string | undefined): number {
  if (retryAfter === undefined) return 0;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(MOST_SECONDS, Math.max(0, seconds)) : 0;
}

/** What is known of the server: nothing, that it may start later than this client, or that it was there before. */
export type Standing = 'new' | 'expected' | 'known';

const worthWaiting: Readonly<Record<Standing, ReadonlySet<Passes>>> = {
  new: new Set<Passes>(['asked']),
  expected: new Set<Passes>(['asked', 'away']),
  known: new Set<Passes>(['asked', 'away', 'odd']),
};

/** Whether to try again after a failed attempt to open a link, and how many seconds the server asked to wait; null for not. */
export function waitAfter(error: TandemError, standing: Standing): { readonly seconds: number } | null {
  const { passes, seconds } = signOf(error);
  return worthWaiting[standing].has(passes) ? { seconds } : null;
}

function signOf(error: TandemError): { readonly passes: Passes; readonly seconds: number } {
  if (error instanceof LinkFault) return { passes: error.passes, seconds: error.afterSeconds };
  if (error instanceof AskedToWait) return { passes: 'asked', seconds: error.seconds };
  if (error.code === 'TOO_MANY') return { passes: 'asked', seconds: USUAL_WAIT_SECONDS };
  const isAway = error.code === 'UNREACHABLE' || error.code === 'LINK_LOST';
  return { passes: isAway ? 'away' : 'never', seconds: 0 };
}
