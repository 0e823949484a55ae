import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const killer = new URL('./kill-at.js', import.meta.url).href;

export interface Ended {
  readonly code: number | null;
  readonly by: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `tandem` command in a process of its own, which may be killed where TANDEM_KILL_AT says. */
export class TandemProcess {
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;
  private stdout = '';
  private stderr = '';
  private readonly waiting = new Set<() => void>();
  /** Whether it has ended, and all that it said has been read. */
  private isOver = false;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const options = { stdio: ['ignore', 'pipe', 'pipe'] as const, env: { ...process.env, ...env } };
    this.child = spawn(process.execPath, ['--import', killer, main, ...args], {
      ...options,
      stdio: [...options.stdio],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => void (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.heard();
    });
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code, by) => {
        this.isOver = true;
        resolve({ code, by, stdout: this.stdout, stderr: this.stderr });
        this.heard();
      }),
    );
  }

  /** Resolves once it has said that on stderr, or has ended. */
  async said(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stderr) && !this.isOver) {
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private heard(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    waiting.forEach((wake) => wake());
  }

  /** All that it has said on stderr. */
  get log(): string {
    return this.stderr;
  }

  /** The object that `--json` prints last. Throws with what was said when the command fails. */
  async result(): Promise<Readonly<Record<string, unknown>>> {
    const { code, stdout, stderr } = await this.ended;
    if (code !== 0) throw new Error(`a command ended with ${code ?? 'a signal'}: ${stderr.slice(-3_000)}`);
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** A port that is free now, so that a server can come back to it. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
