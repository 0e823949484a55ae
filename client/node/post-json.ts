import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { TandemError } from '../../shared/errors.js';
import type { Post } from '../ticket-exchange.js';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024;

/** Posts over HTTP or HTTPS, with certificates of one's own authority where given. */
export function poster(ca: Buffer | undefined): Post {
  return (url, body) =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify(body);
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const options = { method: 'POST', headers, timeout: TIMEOUT_MS, agent: false, ...(ca ? { ca } : {}) } as const;
      const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
          else response.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () => resolve(parsed(Buffer.concat(chunks).toString('utf8'))));
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} seconds`)));
      request.on('error', (error) => reject(unreachable(new URL(url).host, error)));
      request.end(text);
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
