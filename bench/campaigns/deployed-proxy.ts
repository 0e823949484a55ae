import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort } from './tandem-process.js';

export const proxyNames = ['nginx', 'haproxy', 'caddy', 'apache'] as const;
export type ProxyName = (typeof proxyNames)[number];

/** What a proxy is given besides its file of examples/deploy, so that it runs in a folder of its own. */
interface Program {
  readonly command: string;
  readonly file: string;
  readonly args: (folder: string) => string[];
  /** The whole configuration around that of the example. */
  readonly around: (example: string, folder: string) => string;
}

const CERT = 'test/vectors/loopback-cert.pem';
const KEY = 'test/vectors/loopback-key.pem';
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const MODULES = ['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'alias', 'headers', 'proxy', 'proxy_http'];
const isRoot = process.getuid?.() === 0;

const programs: Readonly<Record<ProxyName, Program>> = {
  nginx: {
    command: 'nginx',
    file: 'nginx.conf',
    args: (folder) => ['-p', folder, '-c', join(folder, 'config'), '-e', join(folder, 'log'), '-g', 'daemon off;'],
    around: (example, folder) =>
      [
        ...(isRoot ? ['user root;'] : []),
        `pid ${folder}/pid; error_log ${folder}/log; worker_processes 1; worker_shutdown_timeout 1s; events {}`,
        `http { access_log off;`,
        ...TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`),
        example,
        '}',
      ].join('\n'),
  },
  haproxy: {
    command: 'haproxy',
    file: 'haproxy.cfg',
    args: (folder) => ['-db', '-f', join(folder, 'config')],
    around: (example) => example,
  },
  caddy: {
    command: 'caddy',
    file: 'Caddyfile',
    args: (folder) => ['run', '--config', join(folder, 'config'), '--adapter', 'caddyfile'],
    // Nothing on port 80, and nothing that other runs of it would meet.
    around: (example) => `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${example}`,
  },
  apache: {
    command: 'apache2',
    file: 'apache.conf',
    args: (folder) => ['-f', join(folder, 'config'), '-DFOREGROUND'],
    around: (example, folder) =>
      [
        `ServerRoot ${folder}`,
        ...MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
        `DefaultRuntimeDir ${folder}\nPidFile pid\nErrorLog log\nServerName train.example\nMutex fcntl`,
        ...(isRoot ? ['User www-data', 'Group www-data'] : []),
        `Listen ${/<VirtualHost (\S+)>/.exec(example)?.[1] ?? ''}`,
        example,
      ].join('\n'),
  },
};

/** Where a program is; undefined where it is not installed. */
function find(command: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .map((folder) => join(folder, command))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export function isInstalled(name: ProxyName): boolean {
  return find(programs[name].command) !== undefined;
}

/** A proxy with its file of examples/deploy, at a free port of this machine, before a server at another. */
export class DeployedProxy {
  /** For clients, as `--ca`. */
  readonly ca = CERT;
  private child: ChildProcess | undefined;
  private said = '';

  private constructor(
    private readonly program: Program,
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(name: ProxyName, target: number, folder: string): Promise<DeployedProxy> {
    const program = programs[name];
    const port = await freePort();
    await mkdir(folder, { recursive: true });
    const [example, cert, key] = await Promise.all([
      readFile(join('examples/deploy', program.file), 'utf8'),
      readFile(CERT, 'utf8'),
      readFile(KEY, 'utf8'),
    ]);
    const files = { 'tls.pem': cert, 'tls.key': key, 'tls-and-key.pem': cert + key };
    const writes = Object.entries(files).map(([file, text]) => writeFile(join(folder, file), text, { mode: 0o600 }));
    await Promise.all(writes);
    const fitted = example
      .replaceAll('/etc/tandem/', `${folder}/`)
      .replace(/(listen |bind |\*|train\.example)?:?443\b/g, (_, before: string | undefined) => {
        const keyword = before === 'listen ' || before === 'bind ' ? before : '';
        return `${keyword}127.0.0.1:${port}`;
      })
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${target}`);
    await writeFile(join(folder, 'config'), program.around(fitted, folder));
    const proxy = new DeployedProxy(program, folder, port);
    await proxy.up();
    return proxy;
  }

  /** Where clients join, with TLS and a path. */
  get url(): string {
    return `wss://127.0.0.1:${this.port}/tandem/`;
  }

  get site(): string {
    return `https://127.0.0.1:${this.port}/tandem/`;
  }

  /** Returns when it takes connections. Throws with what the proxy says when it ends before. */
  async up(): Promise<void> {
    const { command, args } = this.program;
    const home = { HOME: this.folder, XDG_DATA_HOME: this.folder, XDG_CONFIG_HOME: this.folder };
    const child = spawn(find(command) ?? command, args(this.folder), { env: { ...process.env, ...home } });
    this.child = child;
    this.said = '';
    child.stdout.on('data', (text: Buffer) => (this.said += text.toString()));
    child.stderr.on('data', (text: Buffer) => (this.said += text.toString()));
    while (!(await answers(this.port))) {
      if (child.exitCode !== null) {
        const log = await readFile(join(this.folder, 'log'), 'utf8').catch(() => '');
        throw new Error(`${command} ended: ${this.said}${log}`);
      }
      await pause(20);
    }
  }

  /** Meanwhile it is there and the server is not, as far as anybody can see. Only nginx. */
  async answers502(meanwhile: () => Promise<void>): Promise<void> {
    const file = join(this.folder, 'config');
    const config = await readFile(file, 'utf8');
    const set = async (text: string) => {
      await writeFile(file, text);
      await this.down();
      await this.up();
    };
    await set(config.replace(/proxy_pass [^;]+;/, 'return 502;'));
    await meanwhile();
    await set(config);
  }

  /** Ends it, and with it all links through it. */
  async down(): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await gone;
    clearTimeout(patience);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const say = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => say(true)).once('error', () => say(false));
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
