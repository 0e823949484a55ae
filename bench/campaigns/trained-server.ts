import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What was seen of a server in a window of time. */
export interface Seen {
  readonly stepsPerSecond: number;
  /** Milliseconds of processor time of the server for a step. */
  readonly cpuPerStep: number;
  /** Resident, at most. */
  readonly maxBytes: number;
}

/** A server in a process of its own, with honest clients in another, that trains until it is closed. */
export class TrainedServer {
  private constructor(
    /** Of its HTTP side. */
    readonly url: string,
    private readonly server: ChildProcess,
    private readonly honest: ChildProcess,
  ) {}

  static async start(task: string, clients: number, flags: readonly string[]): Promise<TrainedServer> {
    const run = ['--task', task, '--clients', String(clients), '--epochs', '1000', '--port', '0', '--engine', 'tfjs'];
    // A profile of the server is what its figures are explained with.
    const profile = process.env.PROFILE === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.env.PROFILE}`];
    const server = spawn(
      process.execPath,
      [...profile, file('../../cli/main.js'), 'serve', ...run, ...flags, '--log-json'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const url = await listening(server);
    const honest = spawn(process.execPath, [file('honest-clients.js'), url, String(clients)], { stdio: 'inherit' });
    return new TrainedServer(url.replace('ws', 'http'), server, honest);
  }

  /** Until so many steps are done, after which the pools of the engine and the heap have about their size. */
  async warmUp(steps: number): Promise<void> {
    while ((await this.metric('tandem_steps_total')) < steps) await sleep(500);
  }

  /** Looks at its memory so often; its own requests count, too. */
  async watch(seconds: number, everySeconds = 0.5): Promise<Seen> {
    const [startedMs, before] = [performance.now(), await this.metric('tandem_steps_total')];
    const cpuBefore = await this.metric('process_cpu_seconds_total');
    let maxBytes = 0;
    while (performance.now() - startedMs < 1000 * seconds) {
      maxBytes = Math.max(maxBytes, await this.metric('process_resident_memory_bytes'));
      await sleep(1000 * everySeconds);
    }
    const steps = (await this.metric('tandem_steps_total')) - before;
    const cpuPerStep = (1000 * ((await this.metric('process_cpu_seconds_total')) - cpuBefore)) / steps;
    return { stepsPerSecond: (1000 * steps) / (performance.now() - startedMs), cpuPerStep, maxBytes };
  }

  async metric(name: string): Promise<number> {
    const page = await (await fetch(`${this.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1]);
  }

  async close(): Promise<void> {
    this.honest.kill();
    this.server.kill();
    const ended = [this.server, this.honest].filter(({ exitCode }) => exitCode === null);
    await Promise.all(ended.map((child) => once(child, 'close')));
  }
}

function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [found] = /ws:\/\/[\d.:]+/.exec(said) ?? [];
      if (found) resolve(found);
    });
    server.once('exit', () => reject(new Error(`the server ended: ${said}`)));
  });
}
