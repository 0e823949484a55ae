import { TandemError } from '../../shared/errors.js';
import { refusalIn } from '../ticket-exchange.js';
import { httpRequest, parsedJson } from './http-request.js';

/** Gets a file over HTTP or HTTPS, however long it is. Throws the server's refusal, and UNREACHABLE. */
export async function getFile(url: string, ticket?: string, ca?: Buffer): Promise<Uint8Array<ArrayBuffer>> {
  const headers = ticket === undefined ? {} : { authorization: `Bearer ${ticket}` };
  const { status, bytes } = await httpRequest(url, { headers, ca });
  if (status === 200) return new Uint8Array(bytes);
  throw refusalIn(parsedJson(bytes)) ?? new TandemError('UNREACHABLE', `no Tandem server answers at ${url}`);
}
