import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { TandemError } from '../../shared/errors.js';
import type { Grant, Role } from './grant.js';
import { formatInvite, hashSecret, matchesHash, newInviteCode, parseInvite } from './invite-code.js';
import { RecordFolder } from './record-folder.js';

/** An invite as it is kept: its secret only as a hash. Times are ISO 8601. */
export interface Invite {
  readonly id: string;
  readonly role: Role;
  readonly shard: readonly [number, number] | null;
  readonly uses: number;
  readonly created: string;
  readonly expires: string;
  readonly hash: string;
}

/** An enrolled Ed25519 public key, `x` its 32 bytes in base64url. `invite` is the one it came with, if one. */
export interface EnrolledKey {
  readonly id: string;
  readonly x: string;
  readonly role: Role;
  readonly shard: readonly [number, number] | null;
  readonly invite: string | null;
  readonly created: string;
}

export type InviteTerms = Pick<Invite, 'role' | 'shard' | 'uses'> & { readonly seconds: number };

const ASK = 'ask whoever runs the server for a new invite';
const NO_HASH = '0'.repeat(64);

/** Invites and keys: the entry folder of a server, shared with `tandem invite`. */
export class InviteBook {
  private readonly nextUse = new Map<string, number>();

  private constructor(
    private readonly invites: RecordFolder,
    private readonly uses: RecordFolder,
    private readonly keys: RecordFolder,
    private readonly revoked: RecordFolder,
    private readonly now: () => number,
  ) {}

  /** `now` in milliseconds since 1970. */
  static async open(folder: string, now: () => number = Date.now): Promise<InviteBook> {
    const [invites, uses, keys, revoked] = await Promise.all(
      ['invites', 'uses', 'keys', 'revoked'].map((name) => RecordFolder.open(join(folder, name))),
    );
    return new InviteBook(invites!, uses!, keys!, revoked!, now);
  }

  /** The code is returned once and kept nowhere. */
  async create({
    role,
    shard,
    uses,
    seconds,
  }: InviteTerms): Promise<{ readonly invite: Invite; readonly code: string }> {
    const code = newInviteCode();
    const [created, expires] = [this.now(), this.now() + 1000 * seconds].map((ms) => new Date(ms).toISOString());
    const invite: Invite = {
      id: code.id,
      role,
      shard,
      uses,
      created: created!,
      expires: expires!,
      hash: hashSecret(code.secret),
    };
    await this.invites.add(`${invite.id}.json`, invite);
    return { invite, code: formatInvite(code) };
  }

  /** What a code is good for, without using it up. Throws NO_ENTRY. */
  async recognise(text: string): Promise<Invite> {
    const code = parseInvite(text);
    const invite = code && (await this.invites.read<Invite>(`${code.id}.json`));
    // Compared in any case, so that the time tells nothing; an id alone gets no further than this.
    const matches = matchesHash(code?.secret ?? '', invite?.hash ?? NO_HASH);
    if (!invite || !matches) throw new TandemError('NO_ENTRY', 'the invite is not known here');
    if (await this.isRevoked(invite.id)) throw new TandemError('NO_ENTRY', 'the invite has been revoked', ASK);
    if (Date.parse(invite.expires) <= this.now()) {
      throw new TandemError('NO_ENTRY', `the invite expired at ${invite.expires}`, ASK);
    }
    return invite;
  }

  /** Uses a code once. Throws NO_ENTRY. */
  async redeem(text: string): Promise<Grant> {
    const { id, role, shard, uses } = await this.recognise(text);
    // Other processes may have used it, too: the folder decides, the memory only says where to begin.
    let use = this.nextUse.get(id) ?? 1;
    for (; use <= uses; use++) {
      if (!(await this.uses.add(`${id}.${use}`))) continue;
      this.nextUse.set(id, use + 1);
      return { subject: id, role, shard };
    }
    this.nextUse.set(id, use);
    throw new TandemError('NO_ENTRY', `the invite has been used ${uses === 1 ? 'already' : `${uses} times`}`, ASK);
  }

  /** Notes a public key. Throws BAD_OPTION when it is enrolled already. */
  async enrol(x: string, { role, shard }: Pick<Grant, 'role' | 'shard'>, invite: string | null): Promise<EnrolledKey> {
    const key: EnrolledKey = { id: keyId(x), x, role, shard, invite, created: new Date(this.now()).toISOString() };
    if (await this.keys.add(`${key.id}.json`, key)) return key;
    throw new TandemError('BAD_OPTION', `key ${key.id} is enrolled already`, 'make another one with: tandem keygen');
  }

  /** The grant of an enrolled key; undefined for a key nobody enrolled. Throws NO_ENTRY for a revoked one. */
  async grantOfKey(x: string): Promise<Grant | undefined> {
    const key = await this.keys.read<EnrolledKey>(`${keyId(x)}.json`);
    if (!key) return undefined;
    if (await this.isRevoked(key.id)) throw new TandemError('NO_ENTRY', `key ${key.id} has been revoked`, ASK);
    return { subject: key.id, role: key.role, shard: key.shard };
  }

  /** Also of a key whose invite was revoked. Read from the folder each time: no restart is needed. */
  async isRevoked(subject: string): Promise<boolean> {
    if (await this.revoked.has(subject)) return true;
    const key = subject.startsWith('k') ? await this.keys.read<EnrolledKey>(`${subject}.json`) : undefined;
    return key?.invite ? this.revoked.has(key.invite) : false;
  }

  /** Ends an invite, or a key, and what came of it. Throws BAD_OPTION for an id that is not here. */
  async revoke(id: string): Promise<void> {
    const known =
      /^[ik][0-9a-f]+$/.test(id) && (await (id.startsWith('i') ? this.invites : this.keys).has(`${id}.json`));
    if (!known) throw new TandemError('BAD_OPTION', `there is no invite or key '${id}'`, 'see: tandem invite --list');
    await this.revoked.add(id);
  }

  /** Everything that was ever let in, without secrets. */
  async list(): Promise<readonly Listed[]> {
    const used = await this.uses.names();
    const invites = await readAll<Invite>(this.invites);
    const keys = await readAll<EnrolledKey>(this.keys);
    const listed = [
      ...invites.map(({ id, role, shard, uses, expires }) => {
        const left = uses - used.filter((name) => name.startsWith(`${id}.`)).length;
        return { id, kind: 'invite' as const, role, shard, usesLeft: left, expires };
      }),
      ...keys.map(({ id, role, shard }) => ({ id, kind: 'key' as const, role, shard, usesLeft: null, expires: null })),
    ];
    return Promise.all(listed.map(async (entry) => ({ ...entry, revoked: await this.isRevoked(entry.id) })));
  }
}

/** An invite or a key, as `tandem invite --list` shows it. */
export interface Listed extends Pick<Invite, 'id' | 'role' | 'shard'> {
  readonly kind: 'invite' | 'key';
  readonly usesLeft: number | null;
  readonly expires: string | null;
  readonly revoked: boolean;
}

/** The id of a public key: what logs and lists call it. */
export function keyId(x: string): string {
  return `k${createHash('sha256').update(x).digest('hex').slice(0, 32)}`;
}

async function readAll<T>(folder: RecordFolder): Promise<T[]> {
  const records = await Promise.all((await folder.names()).map((name) => folder.read<T>(name)));
  return records.filter((record) => record !== undefined);
}
