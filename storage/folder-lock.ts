import { createHash } from 'node:crypto';
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
    const server = await listen(address);
    if (server) return held(server, file, folder);
    const owner = await ownerOf(address);
    if (owner !== undefined) throw taken(folder, owner);
    if (file !== undefined) await clear(address, file, folder);
  }
}

/** Undefined where the address is taken. */
function listen(address: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    // Who asked has gone.
    socket.on('error', () => undefined);
    socket.end(`process ${process.pid} on ${hostname()}`);
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
function ownerOf(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let words = '';
    const answer = () => resolve(words || 'another process');
    const late = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.on('data', (bytes: Buffer) => (words += bytes.toString('utf8')));
    socket.once('close', () => {
      clearTimeout(late);
      answer();
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
  throw taken(folder, owner);
}

async function held(server: Server, file: string | undefined, folder: string): Promise<FolderLock> {
  const own = file === undefined ? undefined : await ownIdentity(file);
  return {
    check: async () => {
      const now = file === undefined ? undefined : await identity(file);
      if (now === undefined || now === own) return;
      throw new TandemError('TAKEN_OVER', `another process has come to use ${folder}`, 'end one of the two');
    },
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Somebody who clears up may have it in hand at this moment, and puts it back when it hears from us. */
async function ownIdentity(file: string): Promise<string | undefined> {
  for (let waitedMs = 0; ; waitedMs += CLEARING_MS) {
    const own = await identity(file);
    if (own !== undefined || waitedMs > ANSWER_MS) return own;
    await new Promise((resolve) => setTimeout(resolve, CLEARING_MS));
  }
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
