import { TandemError } from '../shared/errors.js';

/** Throws BAD_OPTION for what is no address of a server. */
export function checkServerAddress(url: string): void {
  if (/^wss?:\/\/[^/]/.test(url) && URL.canParse(url)) return;
  throw new TandemError('BAD_OPTION', `'${url}' is not a WebSocket address`, 'give one like ws://127.0.0.1:8080');
}

/**
 * A server's address, with the path that a proxy may give it. What the server has is below that path, which is one of a folder, with the slash
 * at its end or without.
 */
export function serverAddress(url: string): URL {
  const address = new URL(url);
  if (!address.pathname.endsWith('/')) address.pathname += '/';
  address.hash = '';
  return address;
}

/** `ws://host/folder` and `/path` as `http://host/folder/path`. */
export function httpUrl(url: string, path: string): string {
  const address = serverAddress(url.replace(/^ws/, 'http'));
  address.search = '';
  return new URL(`.${path}`, address).href;
}
