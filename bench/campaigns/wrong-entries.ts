import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair, SignJWT } from 'jose';
import { fetchTicket } from '../../client/ticket-exchange.js';
import { poster } from '../../client/node/post-json.js';
import { logAccess } from '../../cli/log-access.js';
import { createLog } from '../../cli/log.js';
import { InviteBook, type InviteTerms } from '../../server/entry/invite-book.js';
import type { SpentTickets } from '../../server/entry/spent-tickets.js';
import { serve, type RunningServer } from '../../server/serve.js';
import type { Engine } from '../../shared/engine/engine.js';
import { createRng, type Rng } from '../../shared/rng.js';
import type { Task } from '../../shared/task.js';
import { askFor, type Asked } from './ask-for.js';
import { WrongSessions } from './wrong-sessions.js';
import { Tally } from './tally.js';
import { rawUpgrade, wasAccepted } from './raw-upgrade.js';

export interface WrongEntriesOptions {
  readonly attempts: number;
  readonly seed: string;
  /** For the entry folder and the logs. */
  readonly folder: string;
  readonly task: Task;
  readonly engine: Engine;
  /** Attempts under way at once. */
  readonly atOnce?: number;
  /** For negative controls: a memory of spent tickets that is broken. */
  readonly spentTickets?: SpentTickets;
}

export interface WrongEntriesResult {
  readonly attempts: Readonly<Record<string, number>>;
  /** Attempts that came in, with what they were: none, if the server does its work. */
  readonly accepted: Readonly<Record<string, number>>;
  /** Entries that were right, one for each replayed ticket, and sessions that were resumed by their holder: all must have come in. */
  readonly honest: { readonly attempts: number; readonly accepted: number };
  readonly logBytes: number;
  /** Secrets that were found in logs, by what they are. */
  readonly leaks: readonly string[];
}

const EVIL = 'https://evil.example';
const HOUR = 3600;
/** A ticket is replayed this often, some of it at the same moment as its honest use. */
const REPLAYS = 4;

/** Tries to come into a server in every wrong way, and searches all its logs for secrets. */
export async function enterWrongly(options: WrongEntriesOptions): Promise<WrongEntriesResult> {
  const { attempts, seed, folder, task, engine, atOnce = 24, spentTickets } = options;
  await mkdir(folder, { recursive: true });
  const entry = join(folder, 'entry');
  const [auditLog, logFile] = [join(folder, 'audit.jsonl'), join(folder, 'server.jsonl')];
  const lines: string[] = [];
  const log = createLog({ json: true, write: (line) => lines.push(line) });
  const clock = { ms: Date.now() };
  const server = await serve({
    task,
    clients: 2,
    loadedEngine: engine,
    entry,
    auditLog,
    limits: { connections: 100_000 },
    now: () => clock.ms,
    onEvent: (event) => {
      if (event.kind === 'access') logAccess(log, event);
      if (event.kind === 'refused') log.warn({ code: event.code }, event.reason);
    },
    ...(spentTickets ? { spentTickets } : {}),
  });
  try {
    const world = await World.build(server, await InviteBook.open(entry, () => clock.ms), clock);
    const tally = new Tally();
    const rng = createRng('entry', seed);
    const worker = async () => {
      while (tally.total < attempts) await world.attempt(rng, tally);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await server.close();
    await server.finished.catch(() => undefined);
    await writeFile(logFile, lines);
    const logs = `${await readFile(auditLog, 'utf8')}${lines.join('')}${tally.answers.join('\n')}`;
    const { accepted, honest } = tally;
    return { attempts: tally.attempts, accepted, honest, logBytes: logs.length, leaks: world.leaksIn(logs) };
  } finally {
    await server.close();
  }
}

type Attack = (rng: Rng, tally: Tally) => Promise<void>;

/** A server with invites of every kind, and those who misuse them. */
class World {
  private readonly secrets: string[] = [];
  private readonly port: number;
  private foreign!: Awaited<ReturnType<typeof generateKeyPair>>;
  private train!: string;
  private infer!: string;
  private metrics!: string;
  private sessions!: WrongSessions;
  private badInvites: string[] = [];
  private expired: string[] = [];
  private revoked: string[] = [];

  private constructor(
    private readonly server: RunningServer,
    private readonly book: InviteBook,
  ) {
    this.port = server.port;
  }

  static async build(server: RunningServer, book: InviteBook, clock: { ms: number }): Promise<World> {
    const world = new World(server, book);
    world.foreign = await generateKeyPair('EdDSA');
    const many = { uses: 1_000_000, seconds: 24 * HOUR };
    world.train = await world.invite({ role: 'train', shard: [0, 2], ...many });
    world.infer = await world.invite({ role: 'infer', shard: null, ...many });
    world.metrics = await world.invite({ role: 'metrics', shard: null, ...many });
    const gone = await world.invite({ role: 'train', shard: null, ...many });
    clock.ms -= 61_000;
    for (let i = 0; i < 8; i++) world.expired.push(await world.ticket(world.train));
    clock.ms += 61_000;
    for (let i = 0; i < 8; i++) world.revoked.push(await world.ticket(gone));
    await book.revoke(idOf(gone));
    const usedUp = await world.invite({ role: 'train', shard: null, uses: 1, seconds: HOUR });
    await world.ticket(usedUp);
    clock.ms -= 2 * HOUR * 1000;
    const old = await world.invite({ role: 'train', shard: null, uses: 5, seconds: HOUR });
    clock.ms += 2 * HOUR * 1000;
    world.badInvites = [gone, usedUp, old];
    const holder = await world.invite({ role: 'train', shard: null, ...many });
    const others = {
      train: await world.invite({ role: 'train', shard: null, ...many }),
      infer: world.infer,
      relay: await world.invite({ role: 'relay', shard: null, ...many }),
      metrics: world.metrics,
    };
    world.sessions = await WrongSessions.open(server.url, {
      own: () => world.ticket(holder),
      foreign: Object.fromEntries(Object.entries(others).map(([role, code]) => [role, () => world.ticket(code)])),
    });
    world.secrets.push(...world.sessions.ids);
    return world;
  }

  attempt(rng: Rng, tally: Tally): Promise<void> {
    const attacks: Attack[] = [
      (...args) => this.forged(...args),
      (...args) => this.forged(...args),
      (...args) => this.replayed(...args),
      (...args) => this.expiredTicket(...args),
      (...args) => this.wrongOrigin(...args),
      (...args) => this.wrongRole(...args),
      (...args) => this.wrongInvite(...args),
      (...args) => this.wrongSession(...args),
    ];
    return attacks[rng.int(attacks.length)]!(rng, tally);
  }

  leaksIn(logs: string): string[] {
    const found = this.secrets.flatMap((secret, i) => (logs.includes(secret) ? [`secret ${i}`] : []));
    // A token's first part begins so; an invite's secret follows its id.
    if (/eyJ[\w-]{8,}/.test(logs)) found.push('a token');
    if (/tandem-i[0-9a-f]{12}/.test(logs)) found.push('an invite');
    return found;
  }

  private async forged(rng: Rng, tally: Tally): Promise<void> {
    const real = this.expired[rng.int(this.expired.length)] ?? '';
    const [head = '', body = '', signature = ''] = real.split('.');
    const claims = { sub: 'i000000000000', role: 'train', shard: null };
    const foreign = new SignJWT(claims)
      .setIssuer('tandem')
      .setAudience(this.server.run)
      .setJti(String(rng.int(2 ** 31)))
      .setIssuedAt()
      .setExpirationTime('60s');
    const typ = 'tandem-ticket+jwt';
    const fresh = encode({
      ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object),
      exp: Math.floor(Date.now() / 1000) + 50,
      jti: String(rng.int(2 ** 31)),
    });
    const forgeries: [string, () => Promise<string> | string][] = [
      ['another key', () => foreign.setProtectedHeader({ alg: 'EdDSA', typ }).sign(this.foreign.privateKey)],
      ['an HMAC', () => foreign.setProtectedHeader({ alg: 'HS256', typ }).sign(Buffer.from(this.server.run))],
      ['no algorithm', () => `${encode({ alg: 'none', typ })}.${fresh}.`],
      ['changed claims', () => `${head}.${fresh}.${signature}`],
      ['a changed signature', () => `${head}.${body}.${randomBytes(64).toString('base64url')}`],
      ['half a ticket', () => real.slice(0, rng.int(real.length))],
      ['noise', () => randomBytes(1 + rng.int(300)).toString('base64url')],
      ['a challenge', () => this.challenge()],
      ['nothing', () => ''],
    ];
    const [name, make] = forgeries[rng.int(forgeries.length)]!;
    await this.open(`forged: ${name}`, await make(), tally, { asSubprotocol: rng.int(2) === 0 });
  }

  /** Some replays race the honest use: one of all of them may come in, whichever it is. */
  private async replayed(rng: Rng, tally: Tally): Promise<void> {
    const ticket = await this.ticket(rng.int(2) === 0 ? this.train : this.infer);
    const uses = Array.from({ length: 1 + REPLAYS }, () => ({ asSubprotocol: rng.int(2) === 0 }));
    const ask = (use: { asSubprotocol: boolean }) => rawUpgrade({ port: this.port, ticket, ...use });
    const racing = await Promise.all(uses.slice(0, 3).map(ask));
    const answers = [...racing, ...(await Promise.all(uses.slice(3).map(ask)))];
    const accepted = answers.filter(wasAccepted).length;
    tally.honest.attempts++;
    if (accepted > 0) tally.honest.accepted++;
    const refused = answers.find((answer) => !wasAccepted(answer)) ?? '';
    for (let i = 0; i < REPLAYS; i++) tally.add('replayed', i < accepted - 1, refused);
  }

  private async expiredTicket(rng: Rng, tally: Tally): Promise<void> {
    const [kind, tickets] = rng.int(2) === 0 ? ['expired', this.expired] : ['revoked', this.revoked];
    await this.open(kind, tickets[rng.int(tickets.length)] as string, tally, {
      asSubprotocol: rng.int(2) === 0,
    });
  }

  private async wrongOrigin(rng: Rng, tally: Tally): Promise<void> {
    const origins = [EVIL, 'null', 'http://127.0.0.1.evil.example', 'http://localhost@evil.example', 'file://', 'x'];
    const ticket = await this.ticket(this.train);
    await this.open('wrong origin', ticket, tally, { origin: origins[rng.int(origins.length)]!, asSubprotocol: true });
  }

  private async wrongRole(rng: Rng, tally: Tally): Promise<void> {
    const wrongs: [string, string, Asked][] = [
      ['infer trains', this.infer, { role: 'train', shard: null }],
      ['infer takes a shard', this.infer, { role: 'train', shard: [0, 2] }],
      ['train infers', this.train, { role: 'infer', shard: null }],
      ['another shard', this.train, { role: 'train', shard: [1, 2] }],
      ['no shard', this.train, { role: 'train', shard: null }],
      ['metrics trains', this.metrics, { role: 'train', shard: null }],
    ];
    const [name, invite, asked] = wrongs[rng.int(wrongs.length)]!;
    const { welcomed, said } = await askFor(this.server.url, await this.ticket(invite), asked);
    tally.add(`wrong role: ${name}`, welcomed, said);
  }

  private async wrongInvite(rng: Rng, tally: Tally): Promise<void> {
    const bad = rng.int(2) === 0 ? this.badInvites[rng.int(this.badInvites.length)]! : this.madeUp(rng);
    const kind = 'wrong invite';
    try {
      await fetchTicket(this.server.url, { invite: bad }, poster(undefined));
      tally.add(kind, true, '');
    } catch (error) {
      tally.add(kind, false, (error as Error).message);
    }
  }

  private async wrongSession(rng: Rng, tally: Tally): Promise<void> {
    if (rng.int(8) === 0) {
      tally.honest.attempts++;
      if ((await this.sessions.honest()).welcomed) tally.honest.accepted++;
    }
    const [kind, { welcomed, said }] = await this.sessions.attempt(rng);
    tally.add(kind, welcomed, said);
  }

  private madeUp(rng: Rng): string {
    const secret = randomBytes(32).toString('base64url');
    const made = [
      `tandem-${idOf(this.train)}-${secret}`,
      `tandem-i${randomBytes(6).toString('hex')}-${secret}`,
      '../../x',
    ];
    return made[rng.int(made.length)]!;
  }

  private async open(kind: string, ticket: string, tally: Tally, how: { asSubprotocol: boolean; origin?: string }) {
    const answer = await rawUpgrade({ port: this.port, ticket, ...how });
    tally.add(kind, wasAccepted(answer), answer);
  }

  private async ticket(invite: string): Promise<string> {
    const ticket = await fetchTicket(this.server.url, { invite }, poster(undefined));
    // Tickets are many, and the search is by what they have in common; these few are searched for by themselves.
    if (this.secrets.length < 100) this.secrets.push(ticket);
    return ticket;
  }

  private async challenge(): Promise<string> {
    const answer = await poster(undefined)(`http://127.0.0.1:${this.port}/entry/challenge`, {});
    return (answer as { challenge: string }).challenge;
  }

  private async invite(terms: InviteTerms): Promise<string> {
    const { code } = await this.book.create(terms);
    this.secrets.push(code.slice(-43));
    return code;
  }
}

function idOf(code: string): string {
  return code.slice('tandem-'.length, 'tandem-'.length + 13);
}

const encode = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
