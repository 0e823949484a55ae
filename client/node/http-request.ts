import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { TandemError } from '../../shared/errors.js';

export interface HttpOptions extends Pick<RequestOptions, 'method' | 'headers' | 'timeout'> {
  /** The certificates of an authority of one's own, for `https:`. */
  readonly ca?: Buffer | undefined;
  readonly body?: string;
  /** A longer answer is not read to its end. */
  readonly mostBytes?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** One request over HTTP or HTTPS. Throws UNREACHABLE. */
export function httpRequest(url: string, options: HttpOptions): Promise<HttpAnswer> {
  const { ca, body, mostBytes = Infinity, ...rest } = options;
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(
      url,
      { ...rest, agent: false, ...(ca ? { ca } : {}) },
      (response) => {
        const chunks: Buffer[] = [];
        let read = 0;
        response.on('data', (chunk: Buffer) => {
          read += chunk.length;
          if (read <= mostBytes) chunks.push(chunk);
          else response.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }));
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${(rest.timeout ?? 0) / 1000} seconds`)));
    request.on('error', (error) => reject(unreachable(new URL(url).host, error)));
    request.end(body);
  });
}

/** A link that could not be opened, as a person is told. */
export function unreachable(host: string, error: Error & { readonly code?: string }): TandemError {
  const certificate = error.code !== undefined && /CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(error.code);
  if (!certificate) return new TandemError('UNREACHABLE', `no Tandem server answers at ${host}`);
  return new TandemError(
    'UNREACHABLE',
    `the certificate of ${host} is not trusted here (${error.code})`,
    "name the certificate authority's file with --ca, and check the host's name",
  );
}

/** What is no JSON is undefined: it came from no Tandem server, or an older one. */
export function parsedJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
