import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { TandemError } from '../../shared/errors.js';
import { refusalIn } from '../ticket-exchange.js';
import { unreachable } from './post-json.js';

/** Gets a file over HTTP or HTTPS, however long it is. Throws the server's refusal, and UNREACHABLE. */
export function getFile(url: string, ticket?: string, ca?: Buffer): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const headers = ticket === undefined ? {} : { authorization: `Bearer ${ticket}` };
    const options = { headers, agent: false, ...(ca ? { ca } : {}) } as const;
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = new Uint8Array(Buffer.concat(chunks));
        if (response.statusCode === 200) resolve(bytes);
        else reject(refusalOf(bytes, url));
      });
    });
    request.on('error', (error) => reject(unreachable(new URL(url).host, error)));
    request.end();
  });
}

function refusalOf(bytes: Uint8Array, url: string): TandemError {
  try {
    const refusal = refusalIn(JSON.parse(new TextDecoder().decode(bytes)));
    if (refusal) return refusal;
  } catch {
    // It is no Tandem server, or an older one.
  }
  return new TandemError('UNREACHABLE', `no Tandem server answers at ${url}`);
}
