import { request as requestHttp, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { faultOfAnswer, withWait, type HttpSign, type LinkFault } from '../link-faults.js';
import { refusalIn } from '../ticket-exchange.js';
import type { TandemError } from '../../shared/errors.js';
import { faultOfError } from './fault-of-error.js';
import { probedFault } from './tls-probe.js';
import { WayOut, type Outward } from './way-out.js';

export interface HttpOptions extends Pick<RequestOptions, 'method' | 'headers' | 'timeout'>, Outward {
  readonly body?: string;
  /** A longer answer is cut off: a page of HTML tells enough by its status. */
  readonly mostBytes?: number;
}

/** Silence after which a request is given up. */
const SILENCE_MS = 10_000;

/** The body of an answer with status 200 to one request over HTTP or HTTPS. Throws the server's refusal, and a LinkFault. */
export function httpRequest(url: string, options: HttpOptions): Promise<Buffer> {
  const { ca, proxy, body, mostBytes = Infinity, timeout = SILENCE_MS, ...rest } = options;
  const way = WayOut.to(url, proxy);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => void faultOf(url, error, way).then(reject);
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(
      url,
      { ...rest, timeout, agent: way.agent ?? false, ...(ca ? { ca } : {}) },
      (response) => {
        const chunks: Buffer[] = [];
        let read = 0;
        const answer = () => {
          const bytes = Buffer.concat(chunks);
          if (response.statusCode === 200) resolve(bytes);
          else reject(way.faultOfProxy() ?? refusalOf(url, signOf(response), bytes));
        };
        response.on('data', (chunk: Buffer) => {
          read += chunk.length;
          if (read <= mostBytes) {
            chunks.push(chunk);
            return;
          }
          // Nothing of Tandem's is as long.
          reject(way.faultOfProxy() ?? faultOfAnswer(url, signOf(response)));
          response.destroy();
        });
        response.on('error', fail);
        response.on('end', answer);
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout / 1000} seconds`)));
    request.on('error', fail);
    request.end(body);
  });
}

/** What a failed request or handshake means, by whichever of the proxy and the server it failed at. */
export async function faultOf(url: string, error: Error, way: WayOut): Promise<LinkFault> {
  const ofServer = faultOfError(url, error);
  return way.faultOfProxy(error) ?? (way.agent ? ofServer : probedFault(url, error, ofServer));
}

/** Why an answer is not the one that was wanted: in the server's words, or as what no Tandem server says. */
export function refusalOf(url: string, sign: HttpSign, bytes: Buffer): TandemError {
  const refusal = refusalIn(parsedJson(bytes));
  return refusal ? withWait(refusal, sign.retryAfter) : faultOfAnswer(url, sign);
}

export function signOf(response: {
  readonly statusCode?: number | undefined;
  readonly headers: IncomingHttpHeaders;
}): HttpSign {
  const { 'content-type': type, location, 'retry-after': retryAfter } = response.headers;
  return { status: response.statusCode ?? 0, type, location, retryAfter };
}

/** What is no JSON is undefined: it came from no Tandem server, or an older one. */
export function parsedJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // An answer that is no JSON is none of Tandem, which the caller says.
    return undefined;
  }
}
