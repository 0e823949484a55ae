import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A contender of a benchmark of engines, in a process of its own that speaks lines of JSON: see engine-contender.ts. */
export class ContenderProcess {
  label = '';
  private readonly lines: AsyncIterator<string>;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    if (!child.stdout) throw new Error('the contender has no output');
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Undefined where the contender does not start, as PyTorch where it is not installed. */
  static async start(name: string, command: string, args: string[]): Promise<ContenderProcess | undefined> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    child.on('error', () => undefined);
    const contender = new ContenderProcess(name, child);
    const first = (await contender.read()) as { version: string } | undefined;
    if (!first) return undefined;
    contender.label = first.version;
    return contender;
  }

  /** Samples a second. */
  async run(net: string, ms: number): Promise<number> {
    this.child.stdin?.write(`${JSON.stringify({ net, ms })}\n`);
    const result = (await this.read()) as { samples: number; ms: number } | undefined;
    if (!result) throw new Error(`${this.name} stopped while it trained ${net}`);
    return (result.samples / result.ms) * 1000;
  }

  stop(): void {
    this.child.stdin?.end();
  }

  /** The next line that is JSON: libraries print greetings. */
  private async read(): Promise<unknown> {
    for (;;) {
      const { value, done } = (await this.lines.next()) as IteratorResult<string, undefined>;
      if (done || value === undefined) return undefined;
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }
}
