import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deedOf } from '../../bench/campaigns/system-calls.js';
import { WatchedCommand } from '../../bench/campaigns/watched-command.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const training = [
  'simulate',
  '--task',
  'mnist-mlp',
  '--limit',
  '128',
  '--steps',
  '2',
  '--clients',
  '1',
  '--engine',
  'onnx',
];

async function emptyFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'tandem-quiet-'));
}

/** `strace` may be missing, and a container may forbid it. */
async function canWatch(): Promise<boolean> {
  return run('strace', ['-f', '-o', '/dev/null', 'true']).then(
    () => true,
    () => false,
  );
}

describe('a run in an empty home folder', () => {
  it('writes nothing there, and nothing in the folder for temporary files', async () => {
    const folder = await emptyFolder();
    const places = ['home', 'tmp', 'config', 'cache', 'data'].map((name) => join(folder, name));
    for (const place of places) await mkdir(place);
    const [HOME, TMPDIR, XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_DATA_HOME] = places;
    const env = { PATH: process.env.PATH, HOME, TMPDIR, XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_DATA_HOME };
    const { stdout } = await run(process.execPath, [main, ...training, '--json'], { env, cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({ steps: 2, engine: expect.stringContaining('onnx (native') as string });
    expect(await readdir(folder, { recursive: true })).toEqual(['cache', 'config', 'data', 'home', 'tmp']);
  });

  it.runIf(wholeSuite)(
    'asks nobody but its own server, which a run that is not quiet shows to be seen',
    { timeout: 180_000 },
    async () => {
      const watched = await canWatch();
      if (!watched) console.warn('strace is not here, or not allowed: only the files at home are looked at');
      const watch = async (environment: Record<string, string>) =>
        (await WatchedCommand.start(await emptyFolder(), training, [], environment, watched)).end();
      const [quiet, loud] = [await watch({}), await watch({ ORT_DISABLE_TELEMETRY: '0' })];
      expect(quiet).toMatchObject({ exitCode: 0, unnamed: [], home: [] });
      // Whoever wants it otherwise is not overruled, and what it does then would have been noticed.
      expect(loud.exitCode).toBe(0);
      expect(loud.home.join()).toContain('deviceid');
      if (watched)
        expect(loud.unnamed.some(({ kind, what }) => kind === 'wrote' && what.includes('/home/'))).toBe(true);
    },
  );
});

describe('what a line of strace tells', () => {
  it.each([
    ['openat(AT_FDCWD</w>, "a/b", O_WRONLY|O_CREAT, 0666) = 22</w/a/b>', 'wrote', '/w/a/b'],
    ['mkdir("state", 0700) = 0', 'wrote', '/w/state'],
    ['renameat2(5</x/y>, "one", 6</x>, "two", 0) = 0', 'wrote', '/x/two'],
    [
      'connect(20<socket:[1]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.2")}, 16) = 0',
      'turned to',
      '10.0.0.2 53',
    ],
    [
      'connect(9<socket:[1]>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = -1 ENETUNREACH (Network is unreachable)',
      'turned to',
      '2001:db8::1 443',
    ],
    [
      'connect(9<socket:[1]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)',
      'turned to',
      '/var/run/nscd/socket',
    ],
  ])('%s', (line, kind, what) => {
    expect(deedOf(line, '/w')).toEqual({ kind, what });
  });

  it.each([
    'openat(AT_FDCWD</w>, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3</etc/hosts>',
    'openat(AT_FDCWD</w>, "/root/x", O_WRONLY|O_CREAT, 0666) = -1 EACCES (Permission denied)',
    'openat(AT_FDCWD</w>, "/dev/null", O_RDWR) = 4</dev/null>',
    'connect(20<socket:[1]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("10.0.0.2")}, 16) = 0',
    '+++ exited with 0 +++',
  ])('of nothing that was done: %s', (line) => {
    expect(deedOf(line, '/w')).toBeUndefined();
  });
});
