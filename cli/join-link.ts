import { renderUnicodeCompact } from 'uqr';
import { httpUrl } from '../client/server-address.js';
import { InviteBook } from '../server/entry/invite-book.js';
import { outsideAddresses } from './lan/for-lan.js';

/** Invites that a link carries: to train, and to look at the run before and predict after it. */
export interface LinkInvites {
  readonly invite: string;
  readonly look: string;
}

const SECONDS = 24 * 60 * 60;
/** Looking again after a reload, and trying the model afterwards. */
const LOOKS_A_CLIENT = 10;

/** Makes invites for all clients of a run, for a day. */
export async function newLinkInvites(entry: string, clients: number): Promise<LinkInvites> {
  const book = await InviteBook.open(entry);
  const make = async (role: 'train' | 'infer', uses: number) =>
    (await book.create({ role, shard: null, uses, seconds: SECONDS })).code;
  return { invite: await make('train', clients), look: await make('infer', LOOKS_A_CLIENT * clients) };
}

/**
 * The page that joins a run of the server at `ws://...`, or below the address a proxy has for it. Invites go into the fragment, which a browser sends nobody and no
 * server or proxy writes into a log.
 */
export function joinLink(
  url: string,
  invites?: LinkInvites,
  addresses: readonly string[] = outsideAddresses(),
): string {
  const link = new URL(httpUrl(openAddress(url, addresses), '/join'));
  if (invites) link.hash = new URLSearchParams({ ...invites }).toString();
  return link.href;
}

/** An address that others can open: everybody's address, `0.0.0.0`, is nobody's, so it is one of this machine's own. */
export function openAddress(url: string, addresses: readonly string[] = outsideAddresses()): string {
  const address = new URL(url);
  if (!['0.0.0.0', '[::]'].includes(address.hostname)) return url;
  address.hostname = addresses[0] ?? 'localhost';
  return address.href.replace(/\/$/, '');
}

/** The dashboard of the server at `ws://...`, which it shows to its own machine, or below the address a proxy has for it. */
export function dashboardLink(url: string): string {
  const link = new URL(httpUrl(url, '/'));
  if (link.hostname === '0.0.0.0') link.hostname = '127.0.0.1';
  if (link.hostname === '[::]') link.hostname = '[::1]';
  return link.href;
}

/** The link as a QR code, for the camera of a phone. */
export function qrCode(link: string): string {
  return renderUnicodeCompact(link, { ecc: 'L', border: 2 });
}
