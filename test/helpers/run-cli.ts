import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const tellLoaded = new URL('tell-loaded.js', import.meta.url).href;

export interface CommandResult {
  readonly code: number | null;
  /** The signal that ended it, if one did. */
  readonly by: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `tandem` command; `npm test` builds it first. */
export class Command {
  readonly done: Promise<CommandResult>;
  private readonly child: ChildProcessWithoutNullStreams;
  private stdout = '';
  private stderr = '';
  private watchers: (() => void)[] = [];
  /** Whether it has ended, by itself or by a signal, and all that it said has been read. */
  private isOver = false;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [main, ...args]);
    const collect = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      this[stream] += chunk.toString();
      this.watchers.forEach((watcher) => watcher());
    };
    this.child.stdout.on('data', collect('stdout'));
    this.child.stderr.on('data', collect('stderr'));
    this.done = new Promise((resolve) => {
      this.child.on('close', (code, by) => {
        this.isOver = true;
        resolve({ code, by, stdout: this.stdout, stderr: this.stderr });
        this.watchers.forEach((watcher) => watcher());
      });
    });
  }

  /** The first match in what the command has said on stderr, as soon as it is there. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.stderr);
        if (match) resolve(match);
        else if (this.isOver) reject(new Error(`ended without saying ${String(pattern)}: ${this.stderr}`));
      };
      this.watchers.push(look);
      look();
    });
  }

  /** As where a reader such as `head -1` has read enough. */
  closeOutput(stream: 'stdout' | 'stderr'): void {
    this.child[stream].destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}

export function runCommand(...args: string[]): Promise<CommandResult> {
  return new Command(...args).done;
}

/** The same; stderr ends with a line that says which of the packages that compute were loaded. */
export function runTellingLoaded(...args: string[]): Promise<Omit<CommandResult, 'by'>> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', tellLoaded, main, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** The object that `--json` promises: the last line of stdout. */
export function lastLine(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
}
