import { createHash, randomUUID } from 'node:crypto';
import { lstat, open, realpath, rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { TandemError } from '../shared/errors.js';

/** A folder that this process has for itself. */
export interface FolderLock {
  /** Throws TAKEN_OVER where another process has come in its place. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** Longer paths cannot be listened on. */
const MOST_PATH_BYTES = 96;
const ANSWER_MS = 500;
const CLEARING_MS = 10;
const NAME = 'lock';

/**
 * Keeps other processes out of a folder, those in other containers too. Its owner listens on a socket in the folder: the system alone says whether
 * somebody does, and stops saying so when the process is gone, however it went. Throws BAD_OPTION where another one has it.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const real = await realpath(folder);
  if (process.platform === 'win32') return claim(`\\\\.\\pipe\\tandem-${digest(real)}`, undefined, folder);
  const path = join(real, NAME);
  try {
    return await inFolder(path, folder);
  } catch (error) {
    if (!isWithoutSockets(error)) throw error;
    // A share or a virtual disk that has no sockets: at least the processes of this machine are kept out.
    const elsewhere = join(tmpdir(), `tandem-${digest(real)}.lock`);
    return claim(elsewhere, elsewhere, folder);
  }
}

async function inFolder(path: string, folder: string): Promise<FolderLock> {
  if (Buffer.byteLength(path) <= MOST_PATH_BYTES) return claim(path, path, folder);
  if (process.platform !== 'linux') throw Object.assign(new Error('too long for a socket'), { code: 'ENAMETOOLONG' });
  // By another name for the same folder, which is short.
  const handle = await open(folder, 'r');
  const close = () => handle.close();
  try {
    const lock = await claim(`/proc/self/fd/${handle.fd}/${NAME}`, path, folder);
    return { ...lock, release: () => lock.release().then(close) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Listens at an address; `file` is where that is a file, which may be left of who is gone. */
async function claim(address: string, file: string | undefined, folder: string): Promise<FolderLock> {
  for (;;) {
    const key = randomUUID();
    const server = await listen(address, key);
    if (server) return held(server, { address, file, folder, key });
    const owner = await ownerOf(address);
    if (owner !== undefined) throw taken(folder, owner.words);
    if (file !== undefined) await clear(address, file, folder);
  }
}

/** Undefined where the address is taken. Whoever asks is answered in words and, after a line, with the key. */
function listen(address: string, key: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    // Who asked has gone.
    socket.on('error', () => undefined);
    socket.end(`process ${process.pid} on ${hostname()}\n${key}`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => {
      // Nobody waits for a lock to end.
      server.unref();
      // It is held for as long as the process lives, whatever becomes of who asks.
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

/** Who listens at an address, in its own words where it has time for them; undefined where nobody does. */
function ownerOf(address: string): Promise<{ readonly words: string; readonly key: string | undefined } | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let text = '';
    const late = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')));
    socket.once('close', () => {
      clearTimeout(late);
      const [words, key] = text.split('\n');
      resolve({ words: words || 'another process', key });
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (isNobody(code)) resolve(undefined);
    });
  });
}

/** What is left of who is gone is moved away rather than removed: another process may have claimed the place meanwhile. */
async function clear(address: string, file: string, folder: string): Promise<void> {
  const suffix = `.${Math.random().toString(36).slice(2, 6)}`;
  try {
    await rename(file, file + suffix);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const owner = await ownerOf(address + suffix);
  // Another owner may have cleared it away first.
  if (owner === undefined) return unlink(file + suffix).catch(() => undefined);
  await rename(file + suffix, file);
  throw taken(folder, owner.words);
}

interface Claim {
  readonly address: string;
  /** Where the address is a file. */
  readonly file: string | undefined;
  readonly folder: string;
  readonly key: string;
}

/** Throws BAD_OPTION where another one's claim has come to stand in the place of ours. */
async function held(server: Server, { address, file, folder, key }: Claim): Promise<FolderLock> {
  const own = file === undefined ? undefined : await ownIdentity(address, file, key);
  // Closing the server would take the other one's file away with it.
  if (file !== undefined && own === undefined)
    throw taken(folder, (await ownerOf(address))?.words ?? 'another process');
  return {
    check: async () => {
      const now = file === undefined ? undefined : await identity(file);
      if (now === undefined || now === own) return;
      throw new TandemError('TAKEN_OVER', `another process has come to use ${folder}`, 'end one of the two');
    },
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/**
 * The identity of our own file. Who clears up may have it in hand at this moment, and puts it back when it hears from us, in the place of another one that has come
 * meanwhile: the file is ours where we answer there ourselves. Undefined where we do not.
 */
async function ownIdentity(address: string, file: string, key: string): Promise<string | undefined> {
  for (let waitedMs = 0; waitedMs <= ANSWER_MS; waitedMs += CLEARING_MS) {
    const before = await identity(file);
    const isOurs = (await ownerOf(address))?.key === key;
    if (isOurs && before !== undefined && before === (await identity(file))) return before;
    await new Promise((resolve) => setTimeout(resolve, CLEARING_MS));
  }
  return undefined;
}

/** Of one file and no other, also where a number is given again; undefined where there is none. */
async function identity(file: string): Promise<string | undefined> {
  return lstat(file, { bigint: true }).then(
    ({ ino, birthtimeNs }) => `${ino} ${birthtimeNs}`,
    // What cannot be looked at is not the file that was.
    () => undefined,
  );
}

function isNobody(code: string | undefined): boolean {
  // A file of an older kind is no socket.
  return code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK';
}

function isWithoutSockets(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return ['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EPERM', 'EINVAL', 'ENAMETOOLONG'].includes(code ?? '');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

function taken(folder: string, owner: string): TandemError {
  return new TandemError('BAD_OPTION', `${owner} uses the state folder ${folder}`, 'end it, or choose another --state');
}
