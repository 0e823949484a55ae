import { entryPaths, proofOf } from '../shared/entry-proof.js';
import { isRefusalCode, TandemError } from '../shared/errors.js';
import { httpUrl } from './server-address.js';

/** An Ed25519 key pair of the client; the private half stays wherever `sign` is. */
export interface EntryKey {
  /** The 32 bytes of the public key, in base64url. */
  readonly x: string;
  /** The 64 bytes of the signature, in base64url. */
  sign(bytes: Uint8Array): Promise<string>;
}

/** What a client shows to come in: an invite, a key that is enrolled, or an invite to enrol its key with. */
export interface Pass {
  readonly invite?: string;
  readonly key?: EntryKey;
}

/** Posts JSON and reads JSON. Throws the server's refusal, and a LinkFault for what no Tandem server answers. */
export type Post = (url: string, body: object) => Promise<unknown>;

/** Fetches a ticket that opens one link. Throws what `post` throws, and BAD_MESSAGE for an answer without what was asked for. */
export async function fetchTicket(url: string, { invite, key }: Pass, post: Post): Promise<string> {
  const shown = invite === undefined ? {} : { invite };
  if (!key) return textIn(await post(httpUrl(url, entryPaths.ticket), shown), 'ticket');
  const challenge = textIn(await post(httpUrl(url, entryPaths.challenge), {}), 'challenge');
  const proof = { key: key.x, challenge, signature: await key.sign(proofOf(challenge)) };
  return textIn(await post(httpUrl(url, entryPaths.ticket), { ...shown, ...proof }), 'ticket');
}

/** A refusal as a server tells it over HTTP; undefined for anything else. */
export function refusalIn(answer: unknown): TandemError | undefined {
  const { error } = (answer ?? {}) as { error?: Partial<Record<'code' | 'message' | 'action', unknown>> };
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') return undefined;
  const code = isRefusalCode(error.code) ? error.code : 'INTERNAL';
  const action = typeof error.action === 'string' ? error.action.slice(0, 1000) : undefined;
  return new TandemError(code, error.message.slice(0, 1000), action);
}

function textIn(answer: unknown, field: string): string {
  const refusal = refusalIn(answer);
  if (refusal) throw refusal;
  const value = (answer as Record<string, unknown> | null)?.[field];
  if (typeof value === 'string') return value;
  throw new TandemError(
    'BAD_MESSAGE',
    `the server's answer has no ${field}`,
    'check that the address is a Tandem server',
  );
}
