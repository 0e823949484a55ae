import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * An invite code is `tandem-<id>-<secret>`: the id finds the record, the secret's hash is compared. A secret of 256
 * random bits needs no slow hash: nobody can try them.
 */
export interface InviteCode {
  readonly id: string;
  readonly secret: string;
}

const CODE = /^tandem-(i[0-9a-f]{12})-([A-Za-z0-9_-]{43})$/;

export function newInviteCode(): InviteCode {
  return { id: `i${randomBytes(6).toString('hex')}`, secret: randomBytes(32).toString('base64url') };
}

export function formatInvite({ id, secret }: InviteCode): string {
  return `tandem-${id}-${secret}`;
}

export function parseInvite(text: string): InviteCode | undefined {
  const [, id, secret] = CODE.exec(text) ?? [];
  return id && secret ? { id, secret } : undefined;
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** In a time that does not depend on where they differ. */
export function matchesHash(secret: string, hash: string): boolean {
  const [ours, given] = [Buffer.from(hash, 'hex'), Buffer.from(hashSecret(secret), 'hex')];
  return ours.length === given.length && timingSafeEqual(ours, given);
}
