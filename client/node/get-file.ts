import { httpRequest } from './http-request.js';
import type { Outward } from './way-out.js';

/** Gets a file over HTTP or HTTPS, however long it is. Throws the server's refusal, and a LinkFault. */
export async function getFile(url: string, ticket?: string, outward: Outward = {}): Promise<Uint8Array<ArrayBuffer>> {
  const headers = ticket === undefined ? {} : { authorization: `Bearer ${ticket}` };
  return new Uint8Array(await httpRequest(url, { headers, ...outward }));
}
