import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readDeeds, straceOptions, type Deed } from './system-calls.js';

/** Campaigns and tests run at the root of the repository. */
const main = resolve('dist/cli/main.js');

/** What a command was seen to do. */
export interface Watched {
  readonly command: string;
  readonly exitCode: number | null;
  readonly stderr: string;
  /** What it was told to write. */
  readonly named: readonly string[];
  /** Whatever else it wrote or turned to. */
  readonly unnamed: readonly Deed[];
  /** What is in its home folder, which was empty. */
  readonly home: readonly string[];
}

/** A `tandem` command in an empty home folder, all of whose files and connections are watched. */
export class WatchedCommand {
  private stderr = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<number | null>;
  private wake: () => void = () => undefined;
  /** Whether it has ended, and all that it said has been read. */
  private isOver = false;

  private constructor(
    private readonly folder: string,
    /** Where it is started. */
    private readonly work: string,
    private readonly args: readonly string[],
    private readonly named: readonly string[],
    environment: Readonly<Record<string, string>>,
    private readonly traced: boolean,
  ) {
    const env = { PATH: process.env.PATH, HOME: this.home, TMPDIR: join(folder, 'tmp'), ...environment };
    const tracer = traced ? ['strace', ...straceOptions(join(folder, 'calls'))] : [];
    const [program = '', ...rest] = [...tracer, process.execPath, main, ...args];
    this.child = spawn(program, rest, { cwd: this.work, env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.wake();
    });
    this.closed = new Promise((settle, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code) => {
        this.isOver = true;
        settle(code);
        this.wake();
      });
    });
  }

  /** `named` are the paths that it is told to write, as its flags have them. Untraced, only its home folder is watched. */
  static async start(
    folder: string,
    args: readonly string[],
    named: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
    traced = true,
  ): Promise<WatchedCommand> {
    for (const name of ['home', 'tmp', 'work']) await mkdir(join(folder, name), { recursive: true });
    return new WatchedCommand(folder, await realpath(join(folder, 'work')), args, named, environment, traced);
  }

  /** Waits until it has said this on stderr. */
  async said(pattern: RegExp): Promise<string> {
    for (;;) {
      const [, found] = pattern.exec(this.stderr) ?? [];
      if (found !== undefined) return found;
      if (this.isOver) throw new Error(`it ended without saying ${String(pattern)}: ${this.stderr}`);
      await new Promise<void>((wake) => (this.wake = wake));
    }
  }

  /** As Ctrl-C does: what is watched is a child of the one that watches. */
  async interrupt(): Promise<void> {
    const { pid = 0 } = this.child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const child of children.trim().split(' ')) process.kill(Number(child), 'SIGINT');
  }

  async end(): Promise<Watched> {
    const exitCode = await this.closed;
    const deeds = this.traced ? await readDeeds(join(this.folder, 'calls'), this.work) : [];
    const unnamed = deeds.filter((deed) => !this.isNamed(deed));
    const distinct = [...new Map(unnamed.map((deed) => [`${deed.kind} ${deed.what}`, deed])).values()];
    const home = (await readdir(this.home, { recursive: true })).sort();
    return {
      command: this.args[0] ?? '',
      exitCode,
      stderr: this.stderr,
      named: this.named,
      unnamed: distinct,
      home,
    };
  }

  private isNamed({ kind, what }: Deed): boolean {
    // Its own server, and no resolver of names that happens to be on this machine.
    if (kind === 'turned to') return /^(127\.0\.0\.1|::1) (?!53$)/.test(what);
    return this.named.some((path) => what === join(this.work, path) || what.startsWith(`${join(this.work, path)}/`));
  }

  private get home(): string {
    return join(this.folder, 'home');
  }
}
