import { STATUS_CODES, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AskedToWait } from '../../shared/asked-to-wait.js';
import { asTandemError, type TandemError } from '../../shared/errors.js';

/** The HTTP status of a refusal before the handshake. */
function statusOf({ code }: TandemError): number {
  switch (code) {
    case 'NO_ENTRY':
      return 401;
    case 'WRONG_ROLE':
    case 'WRONG_ORIGIN':
    case 'WRONG_HOST':
    case 'NOT_SHARED':
      return 403;
    case 'TOO_MANY':
      return 429;
    case 'TOO_LARGE':
      return 413;
    case 'INTERNAL':
      return 500;
    default:
      return 400;
  }
}

/** The Retry-After header, which clients and proxies read. */
function waitOf(refusal: TandemError): Record<string, string> {
  return refusal instanceof AskedToWait ? { 'retry-after': String(Math.max(1, refusal.seconds)) } : {};
}

function bodyOf({ code, message, action }: TandemError): string {
  return `${JSON.stringify({ error: { code, message, action } })}\n`;
}

function pageOf({ code, message, action }: TandemError): string {
  const what =
    code === 'INTERNAL'
      ? 'Something went wrong at the server'
      : `${message.charAt(0).toUpperCase()}${message.slice(1)}: ${action}`;
  const lines = ['<!doctype html>', '<html lang="en">', '<meta charset="utf-8" />', '<title>Tandem</title>'];
  return [...lines, `<p>${escaped(what)}. (${code})</p>`, '</html>', ''].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function sendJson(response: ServerResponse, content: object, headers: OutgoingHttpHeaders = {}): void {
  send(response, 200, 'application/json', `${JSON.stringify(content)}\n`, headers);
}

export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers });
  response.end(body);
}

/** Sends a refusal: to a browser as a page, to programs as JSON. An unexpected error is sent without details. */
export function sendRefusal(
  response: ServerResponse,
  error: unknown,
  headers: OutgoingHttpHeaders = {},
  accept = '',
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refusal = asTandemError(error);
  const status = statusOf(refusal);
  if (accept.includes('text/html')) {
    const policy = { 'content-security-policy': "default-src 'none'", 'x-content-type-options': 'nosniff' };
    send(response, status, 'text/html; charset=utf-8', pageOf(refusal), { connection: 'close', ...policy, ...headers });
    return;
  }
  const body = status === 500 ? '{"error":{"code":"INTERNAL"}}\n' : bodyOf(refusal);
  send(response, status, 'application/json', body, { connection: 'close', ...waitOf(refusal), ...headers });
}

/** The same where a WebSocket was asked for, and there is only a socket. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const refusal = asTandemError(error);
  const status = statusOf(refusal);
  const body = status === 500 ? '{"error":{"code":"INTERNAL"}}\n' : bodyOf(refusal);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
    ...Object.entries(waitOf(refusal)).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
