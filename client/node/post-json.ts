import { faultOfAnswer } from '../link-faults.js';
import type { Post } from '../ticket-exchange.js';
import { httpRequest, parsedJson } from './http-request.js';
import type { Outward } from './way-out.js';

const MAX_ANSWER_BYTES = 16 * 1024;

/** Posts over HTTP or HTTPS. */
export function poster(outward: Outward = {}): Post {
  return async (url, value) => {
    const body = JSON.stringify(value);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const bytes = await httpRequest(url, { method: 'POST', headers, body, ...outward, mostBytes: MAX_ANSWER_BYTES });
    const answer = parsedJson(bytes);
    // A portal or a proxy that answers everything with a page of its own.
    if (answer === undefined) throw faultOfAnswer(url, { status: 200, type: 'text/html' });
    return answer;
  };
}
