import { createPublicKey, verify } from 'node:crypto';
import { proofOf } from '../../shared/entry-proof.js';
import { TandemError } from '../../shared/errors.js';
import type { Grant } from './grant.js';
import type { InviteBook } from './invite-book.js';
import { TICKET_SECONDS, type TicketOffice } from './ticket-office.js';

/** The credentials for a ticket: an invite, a key with its proof, or both, to enrol the key. */
export interface Credentials {
  readonly invite?: string;
  /** The 32 bytes of an Ed25519 public key, in base64url. */
  readonly key?: string;
  readonly challenge?: string;
  /** Over `proofOf(challenge)`, in base64url. */
  readonly signature?: string;
}

/** A ticket, and what it is good for. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly seconds: number;
  readonly role: Grant['role'];
  readonly shard: Grant['shard'];
}

export type DeskEvent = Grant & { readonly what: 'key-enrolled' | 'ticket-issued' };

/** Turns invites and signatures into tickets, and tickets into grants. */
export class EntryDesk {
  constructor(
    readonly book: InviteBook,
    private readonly office: TicketOffice,
  ) {}

  challenge(): Promise<string> {
    return this.office.challenge();
  }

  /** Throws NO_ENTRY or BAD_MESSAGE. `note` hears what was done. */
  async exchange(shown: Credentials, note: (event: DeskEvent) => void): Promise<IssuedTicket> {
    const grant = shown.key === undefined ? await this.byInvite(shown) : await this.byKey(shown, note);
    const ticket = await this.office.issue(grant);
    note({ ...grant, what: 'ticket-issued' });
    return { ticket, seconds: TICKET_SECONDS, role: grant.role, shard: grant.shard };
  }

  /** Takes a ticket, once. Throws NO_ENTRY, also for one whose holder was revoked since. */
  async admit(ticket: string | undefined): Promise<Grant> {
    if (ticket === undefined) {
      throw new TandemError('NO_ENTRY', 'this server lets in only who was invited', 'join with --invite or --key');
    }
    const grant = await this.office.spend(ticket);
    if (await this.book.isRevoked(grant.subject)) {
      throw new TandemError('NO_ENTRY', `${grant.subject} has been revoked`);
    }
    return grant;
  }

  /** As `admit`, for links, which roles that only read metrics or fetch the model may not open. Throws WRONG_ROLE, too. */
  async admitLink(ticket: string | undefined): Promise<Grant> {
    const grant = await this.admit(ticket);
    if (grant.role !== 'metrics' && grant.role !== 'download') return grant;
    const purpose = grant.role === 'metrics' ? 'reading metrics' : 'taking the model';
    throw new TandemError('WRONG_ROLE', `the ticket is for ${purpose}, not for a link`);
  }

  /** As `admit`, for the merged model: with the role to train, or to fetch it. Throws WRONG_ROLE, too. */
  async admitToModel(ticket: string | undefined): Promise<Grant> {
    const grant = await this.admit(ticket);
    if (grant.role === 'train' || grant.role === 'download') return grant;
    throw new TandemError('WRONG_ROLE', `the model is for the roles train and download, not ${grant.role}`);
  }

  /** A ticket, or for programs that can only send the same word each time, an invite to read metrics. Throws NO_ENTRY or WRONG_ROLE. */
  async admitToMetrics(credential: string | undefined): Promise<Grant> {
    const isInvite = credential?.startsWith('tandem-') ?? false;
    const grant = isInvite ? await this.recognised(credential ?? '') : await this.admit(credential);
    if (grant.role === 'metrics') return grant;
    throw new TandemError('WRONG_ROLE', `metrics are for the role metrics, not ${grant.role}`);
  }

  private async recognised(code: string): Promise<Grant> {
    const { id, role, shard } = await this.book.recognise(code);
    return { subject: id, role, shard };
  }

  private byInvite({ invite }: Credentials): Promise<Grant> {
    if (invite === undefined) throw new TandemError('NO_ENTRY', 'neither an invite nor a key was shown');
    return this.book.redeem(invite);
  }

  /** Checks the proof first, so that nobody enrols another one's key, or learns whether a key is enrolled. */
  private async byKey({ key = '', challenge, signature, invite }: Credentials, note: (event: DeskEvent) => void) {
    if (challenge === undefined || signature === undefined) {
      throw new TandemError('BAD_MESSAGE', "a key came without 'challenge' and 'signature'");
    }
    await this.office.spendChallenge(challenge);
    if (!signs(key, challenge, signature)) {
      throw new TandemError('NO_ENTRY', 'the signature is not one of the key', 'sign the challenge with the key shown');
    }
    const enrolled = await this.book.grantOfKey(key);
    if (enrolled) return enrolled;
    if (invite === undefined) {
      throw new TandemError('NO_ENTRY', 'the key is not enrolled here', 'show an invite with it once: --invite');
    }
    const { subject, role, shard } = await this.book.redeem(invite);
    const { id } = await this.book.enrol(key, { role, shard }, subject);
    const grant = { subject: id, role, shard };
    note({ ...grant, what: 'key-enrolled' });
    return grant;
  }
}

function signs(key: string, challenge: string, signature: string): boolean {
  // In one spelling only: the id of a key is made of its text.
  if (!/^[A-Za-z0-9_-]{43}$/.test(key) || Buffer.from(key, 'base64url').toString('base64url') !== key) return false;
  try {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' });
    return verify(null, proofOf(challenge), publicKey, Buffer.from(signature, 'base64url'));
  } catch {
    // What cannot be checked is no proof.
    return false;
  }
}
