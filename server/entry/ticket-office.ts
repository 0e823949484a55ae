import { randomUUID } from 'node:crypto';
import { errors, generateKeyPair, jwtVerify, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { TandemError } from '../../shared/errors.js';
import { roles, type Grant } from './grant.js';
import { SpentTicketMemory, type SpentTickets } from './spent-tickets.js';

/** How long a ticket, and a challenge, may be used. */
export const TICKET_SECONDS = 60;
const ALGORITHM = 'EdDSA';
const ISSUER = 'tandem';
const FETCH = `fetch a new one: a ticket opens one link within ${TICKET_SECONDS} seconds`;

/** A ticket opens one link; the holder of a key signs a challenge to get one. */
type Kind = 'ticket' | 'challenge';

export interface TicketOfficeOptions {
  /** The run the tickets are for. */
  readonly audience: string;
  readonly spent?: SpentTickets;
  /** In milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Issues single-use tickets (EdDSA JWT) and takes them back. The signing key is made at the start and kept nowhere: a
 * ticket of a process that has ended is worth nothing, so a restart forgets no spent one that still counts.
 */
export class TicketOffice {
  private constructor(
    private readonly key: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey },
    private readonly audience: string,
    private readonly spent: SpentTickets,
    private readonly now: () => number,
  ) {}

  static async open({ audience, now = Date.now, spent = new SpentTicketMemory(now) }: TicketOfficeOptions) {
    return new TicketOffice(await generateKeyPair(ALGORITHM), audience, spent, now);
  }

  issue({ subject, role, shard }: Grant): Promise<string> {
    return this.sign('ticket', { sub: subject, role, shard });
  }

  /** Takes a ticket, once. Throws NO_ENTRY. */
  async spend(ticket: string): Promise<Grant> {
    const { sub, role, shard } = await this.take('ticket', ticket);
    const known = roles.find((name) => name === role);
    if (sub === undefined || !known) throw new TandemError('NO_ENTRY', 'the ticket names no role', FETCH);
    return { subject: sub, role: known, shard: (shard ?? null) as Grant['shard'] };
  }

  challenge(): Promise<string> {
    return this.sign('challenge', {});
  }

  /** Takes a challenge, once. Throws NO_ENTRY. */
  async spendChallenge(challenge: string): Promise<void> {
    await this.take('challenge', challenge);
  }

  private sign(kind: Kind, claims: JWTPayload): Promise<string> {
    const seconds = Math.floor(this.now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, typ: typeOf(kind) })
      .setIssuer(ISSUER)
      .setAudience(this.audience)
      .setJti(randomUUID())
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + TICKET_SECONDS)
      .sign(this.key.privateKey);
  }

  private async take(kind: Kind, token: string): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, this.key.publicKey, {
      algorithms: [ALGORITHM],
      typ: typeOf(kind),
      issuer: ISSUER,
      audience: this.audience,
      requiredClaims: ['exp', 'jti'],
      currentDate: new Date(this.now()),
    }).catch((error: unknown) => {
      throw new TandemError('NO_ENTRY', sentence(kind, error), FETCH);
    });
    if (!this.spent.spend(payload.jti ?? '', 1000 * (payload.exp ?? 0))) {
      throw new TandemError('NO_ENTRY', `the ${kind} was used before`, FETCH);
    }
    return payload;
  }
}

function typeOf(kind: Kind): string {
  return `tandem-${kind}+jwt`;
}

/** Says what is wrong without a word of what came. */
function sentence(kind: Kind, error: unknown): string {
  if (error instanceof errors.JWTExpired) return `the ${kind} has expired`;
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud')
    return `the ${kind} is for another run`;
  return `the ${kind} was not issued by this server`;
}
