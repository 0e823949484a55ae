import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from '../../../client/node/join.js';
import { asTandemError } from '../../../shared/errors.js';
import fourData from './four-data.js';

const program = fileURLToPath(new URL('../../../cli/main.js', import.meta.url));
export const taskFile = (name: 'four-task' | 'open-task') => fileURLToPath(new URL(`${name}.js`, import.meta.url));
const START_SECONDS = 30;

/** What a run's summary says, as far as attacks aim at it. */
export interface Outcome {
  readonly testAccuracy: number | null;
  readonly testLoss: number | null;
  readonly steps: number;
  readonly stopped?: string;
}

/** `tandem serve` as a process of its own: it may freeze, grow and fall. */
export class AttackedServer {
  private readonly chunks = { out: '', log: '' };
  private readonly ended: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (text: Buffer) => (this.chunks.out += String(text)));
    child.stderr?.on('data', (text: Buffer) => (this.chunks.log += String(text)));
    this.ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  static async start(flags: readonly string[], task: 'four-task' | 'open-task' = 'four-task'): Promise<AttackedServer> {
    const all = ['serve', '--task', taskFile(task), '--port', '0', '--grace', '0', '--json', ...flags];
    const server = new AttackedServer(
      spawn(process.execPath, [program, ...all], { stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    for (let waited = 0; !server.url; waited += 0.1) {
      if (waited > START_SECONDS) throw new Error(`no server: ${server.log}`);
      await pause(0.1);
    }
    return server;
  }

  get url(): string {
    return /ws:\/\/[\w.]+:\d+/.exec(this.log)?.[0] ?? '';
  }

  get log(): string {
    return this.chunks.log;
  }

  /** Whether the server's event loop turns. */
  async answers(seconds = 3): Promise<boolean> {
    const asked = fetch(`${this.url.replace('ws', 'http')}/healthz`, { signal: AbortSignal.timeout(1000 * seconds) });
    return asked.then(({ ok }) => ok).catch(() => false);
  }

  async megabytes(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8').catch(() => '');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }

  /** Its summary, once the run has ended; undefined when that takes longer. */
  async outcome(seconds: number): Promise<Outcome | undefined> {
    await Promise.race([this.ended, pause(seconds)]);
    const line = this.chunks.out.trim().split('\n').at(-1) ?? '';
    return line.startsWith('{') ? (JSON.parse(line) as Outcome) : undefined;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Starts a server, does something to it, and stops it whatever happens. */
export async function against<T>(
  flags: readonly string[],
  work: (server: AttackedServer) => Promise<T>,
  task?: 'four-task' | 'open-task',
): Promise<T> {
  const server = await AttackedServer.start(flags, task);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** A client that does what it should: `finished`, its refusal, or `waits` after so many seconds. */
export async function honest(url: string, seconds = 20): Promise<string> {
  const train = async () => {
    for await (const _ of join(url, { data: fourData(), engine: 'tfjs' }));
    return 'finished';
  };
  const trained = train().catch((error: unknown) => {
    const { code, message } = asTandemError(error);
    return `${code}: ${message}`;
  });
  return Promise.race([trained, pause(seconds).then(() => 'waits')]);
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}
