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

/** On which core each side computes. */
export interface Cores {
  readonly server: number;
  readonly clients: number;
}

/** A server in a process of its own, with honest clients in another, that trains until it is closed. */
export class TrainedServer {
  private constructor(
    /** Of its HTTP side. */
    readonly url: string,
    private readonly server: ChildProcess,
    private readonly honest: ChildProcess,
  ) {}

  /** With cores, of Linux, server and clients keep out of each other's way. */
  static async start(task: string, clients: number, flags: readonly string[], cores?: Cores): Promise<TrainedServer> {
    const run = ['--task', task, '--clients', String(clients), '--epochs', '1000', '--port', '0', '--engine', 'tfjs'];
    // A profile of the server is what its figures are explained with.
    const profile = process.env.PROFILE === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.env.PROFILE}`];
    const served = [...profile, file('../../cli/main.js'), 'serve', ...run, ...flags, '--log-json'];
    const server = spawn(...onCore(cores?.server, served), { stdio: ['ignore', 'ignore', 'pipe'] });
    const url = await listening(server);
    const joined = [file('honest-clients.js'), url, String(clients)];
    const honest = spawn(...onCore(cores?.clients, joined), { stdio: 'inherit' });
    return new TrainedServer(url.replace('ws', 'http'), server, honest);
  }

  /** Until so many steps are done, after which the pools of the engine and the heap have about their size. */
  async warmUp(steps: number): Promise<void> {
    while ((await this.metric('tandem_steps_total')) < steps) await sleep(1_000);
  }

  /** Looks at its memory so often; its own requests count, too. */
  async watch(seconds: number, everySeconds = 0.5): Promise<Seen> {
    const startedMs = performance.now();
    const names = ['tandem_steps_total', 'process_cpu_seconds_total', 'process_resident_memory_bytes'] as const;
    const [stepsBefore = 0, cpuBefore = 0, bytesBefore = 0] = await this.metrics(names);
    let maxBytes = bytesBefore;
    for (;;) {
      const leftMs = 1000 * seconds - (performance.now() - startedMs);
      await sleep(Math.max(0, Math.min(1000 * everySeconds, leftMs)));
      const [steps = 0, cpu = 0, bytes = 0] = await this.metrics(names);
      maxBytes = Math.max(maxBytes, bytes);
      const tookMs = performance.now() - startedMs;
      if (tookMs < 1000 * seconds) continue;
      const done = steps - stepsBefore;
      return { stepsPerSecond: (1000 * done) / tookMs, cpuPerStep: (1000 * (cpu - cpuBefore)) / done, maxBytes };
    }
  }

  async metric(name: string): Promise<number> {
    return (await this.metrics([name]))[0] ?? NaN;
  }

  /** Of one moment. Throws where the server does not tell: what is measured with nothing is no figure. */
  private async metrics(names: readonly string[]): Promise<number[]> {
    const answer = await fetch(`${this.url}/metrics`);
    const page = await answer.text();
    if (!answer.ok) throw new Error(`/metrics answered ${answer.status}: ${page}`);
    return names.map((name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1] ?? NaN));
  }

  async close(): Promise<void> {
    this.honest.kill();
    this.server.kill();
    const ended = [this.server, this.honest].filter(({ exitCode }) => exitCode === null);
    await Promise.all(ended.map((child) => once(child, 'close')));
  }
}

/** What to spawn for a program of Node that stays on one core, or on any. */
export function onCore(core: number | undefined, args: readonly string[]): [string, string[]] {
  if (core === undefined) return [process.execPath, [...args]];
  return ['taskset', ['-c', String(core), process.execPath, ...args]];
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
