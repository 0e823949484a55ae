import type { Post } from '../ticket-exchange.js';
import { httpRequest, parsedJson } from './http-request.js';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024;

/** Posts over HTTP or HTTPS, with certificates of one's own authority where given. */
export function poster(ca: Buffer | undefined): Post {
  return async (url, value) => {
    const body = JSON.stringify(value);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const bounds = { timeout: TIMEOUT_MS, mostBytes: MAX_ANSWER_BYTES };
    return parsedJson((await httpRequest(url, { method: 'POST', headers, body, ca, ...bounds })).bytes);
  };
}
