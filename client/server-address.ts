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

/**
 * Where a client goes on that a server sent elsewhere. Its server's word is taken for an address like its own: no other kind of one, and none without TLS where
 * there was TLS, since what lets it in goes along. Of any other word nothing is taken.
 */
export function addressAfter(url: string, told: string | null): string {
  if (told === null || !/^wss?:\/\/[^/]/.test(told) || !URL.canParse(told)) return url;
  const { protocol, username, password } = new URL(told);
  if (username !== '' || password !== '') return url;
  return protocol === 'ws:' && new URL(url).protocol === 'wss:' ? url : told;
}
