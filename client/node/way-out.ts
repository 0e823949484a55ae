import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { TandemError } from '../../shared/errors.js';
import { LinkFault } from '../link-faults.js';

/** What stands between this machine and a server. */
export interface Outward {
  /** The certificates of a private certificate authority. */
  readonly ca?: Buffer | undefined;
  /** A proxy to go through, whatever the environment says. */
  readonly proxy?: string | undefined;
}

/** The way of one request: straight, or through a proxy that opens a tunnel to the server (CONNECT). */
export class WayOut {
  readonly agent: HttpsProxyAgent<string> | undefined;
  /** What the proxy answered to CONNECT. */
  private status: number | undefined;

  private constructor(
    private readonly url: string,
    private readonly proxy: URL | undefined,
  ) {
    if (!proxy) return;
    this.agent = new HttpsProxyAgent(proxy.href);
    this.agent.on('proxyConnect', ({ statusCode }: { statusCode: number }) => (this.status = statusCode));
  }

  /** By HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not. This machine is never asked for through a proxy but one that is given. */
  static to(url: string, given?: string): WayOut {
    const asked = url.replace(/^ws/, 'http');
    const proxy = given ?? (isThisMachine(new URL(asked).hostname) ? '' : proxyOfEnvironment(asked));
    return new WayOut(url, proxy === '' ? undefined : proxyAddress(proxy));
  }

  /** Why a request failed, if it is the proxy's doing; undefined where it got through to the server, or there is no proxy. */
  faultOfProxy(error?: Error & { readonly code?: string }): LinkFault | undefined {
    const { proxy, status, url } = this;
    if (!proxy || status === 200) return undefined;
    const at = `${proxy.protocol}//${proxy.host}`;
    if (status === undefined) return new LinkFault('proxyAway', url, `${at}, ${error?.code ?? 'it says nothing'}`);
    if (status === 407) return new LinkFault('proxyLogin', url, at);
    return new LinkFault(status >= 500 ? 'proxyDown' : 'proxyRefuses', url, `${at}, ${status}`);
  }
}

function proxyOfEnvironment(url: string): string {
  const proxy = getProxyForUrl(url);
  // To one without a scheme that of the address was added, and hardly any proxy speaks TLS itself.
  return Object.values(process.env).includes(proxy) ? proxy : proxy.replace(/^https:/, 'http:');
}

/** Never says a password. Throws BAD_OPTION. */
function proxyAddress(proxy: string): URL {
  if (URL.canParse(proxy) && /^https?:\/\/[^/]/.test(proxy)) return new URL(proxy);
  const scheme = /^\w{1,20}(?=:)/.exec(proxy)?.[0];
  const what =
    scheme === undefined ? 'the proxy is no address' : `a proxy of the kind '${scheme}' is none that can be used`;
  throw new TandemError('BAD_OPTION', what, 'give HTTPS_PROXY, or --proxy, one like http://proxy.example:3128');
}

function isThisMachine(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
