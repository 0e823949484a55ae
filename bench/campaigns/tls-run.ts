import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CrashPoint } from '../../shared/crash-point.js';
import { root } from '../results.js';
import { ChaosProxy, type Fault, type FaultCounts } from './chaos-proxy.js';
import { freePort, TandemProcess, type Ended } from './tandem-process.js';

export interface TlsCrash {
  /** `server`, or the number of a client. */
  readonly who: 'server' | number;
  readonly point: CrashPoint;
  /** The so-manyth time that it comes by. */
  readonly time: number;
}

export interface TlsRunOptions {
  /** What is passed to `serve`, with --steps and --clients. */
  readonly size: readonly string[];
  /** What is passed to each `join`. */
  readonly data: readonly string[];
  readonly clients: number;
  readonly crash?: TlsCrash | undefined;
  /** Whether the server writes checkpoints; clients always do. */
  readonly serverKeeps: boolean;
  /** What the links go through; nothing where it is left out. */
  readonly chaos?: { readonly every: number; readonly kinds: readonly Fault[]; readonly seed: string } | undefined;
  readonly patienceSeconds?: number;
}

export interface TlsRunResult {
  readonly weightsHash: string;
  readonly steps: number;
  /** How often a process was killed and started again. */
  readonly crashes: number;
  readonly faults: FaultCounts | undefined;
  /** How often each point was come by, at the server and at each client. */
  readonly reached: readonly Readonly<Partial<Record<CrashPoint, number>>>[];
}

/** So distant that there is none on the way but those that cannot be put off. */
const DISTANT = ['--checkpoint-every', '100'];
const GRACE_SECONDS = '60';
/** Good for this machine, and of an authority of its own. */
const [cert, key] = ['loopback-cert.pem', 'loopback-key.pem'].map((name) =>
  fileURLToPath(new URL(`test/vectors/${name}`, root)),
) as [string, string];

/** A run of real processes over TLS, disturbed in one way or another. Throws where it does not end well. */
export async function tlsRun(options: TlsRunOptions): Promise<TlsRunResult> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-tls-'));
  const world = new TlsWorld(options, folder);
  try {
    return await world.run();
  } finally {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class TlsWorld {
  private readonly alive = new Set<TandemProcess>();
  private proxy: ChaosProxy | undefined;
  private crashes = 0;
  private over = false;

  constructor(
    private readonly options: TlsRunOptions,
    private readonly folder: string,
  ) {}

  async run(): Promise<TlsRunResult> {
    const { size, data, clients, serverKeeps, chaos, patienceSeconds = 180 } = this.options;
    const port = await freePort();
    if (chaos) this.proxy = await ChaosProxy.open(port, chaos.every, chaos.seed, chaos.kinds);
    const tls = ['--tls-cert', cert, '--tls-key', key, '--port', String(port), '--grace', GRACE_SECONDS, '--json'];
    const state = serverKeeps ? ['--state', join(this.folder, 'server'), ...DISTANT] : [];
    const url = `wss://127.0.0.1:${this.proxy?.port ?? port}`;
    let slow: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      slow = setTimeout(() => reject(new Error('the run did not end')), 1000 * patienceSeconds);
    });
    const up: { first?: TandemProcess } = {};
    const server = this.live('server', ['serve', ...size, ...tls, ...state], (first) => (up.first ??= first));
    server.catch(() => undefined);
    await up.first?.said(/serving/);
    const joined = Array.from({ length: clients }, (_, i) => {
      const own = ['--shard', `${i}/${clients}`, '--ca', cert, '--json', '--state', join(this.folder, `client-${i}`)];
      return this.live(i, ['join', url, ...data, ...own]);
    });
    try {
      const [{ stdout }] = await Promise.race([Promise.all([server, ...joined]), late]);
      const { weightsHash, steps } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as TlsRunResult;
      const whose = ['server', ...joined.map((_, i) => i)];
      const reached = await Promise.all(whose.map((who) => this.counted(who)));
      return { weightsHash, steps, crashes: this.crashes, faults: this.proxy?.faults, reached };
    } finally {
      clearTimeout(slow);
    }
  }

  async close(): Promise<void> {
    this.over = true;
    this.alive.forEach((process) => process.kill());
    await Promise.all([...this.alive].map(({ ended }) => ended));
    await this.proxy?.close();
  }

  /** A process, and its successor where it was killed. */
  private async live(
    who: 'server' | number,
    args: readonly string[],
    started: (process: TandemProcess) => void = () => undefined,
  ): Promise<Ended> {
    const { crash } = this.options;
    let env: Record<string, string> = { TANDEM_COUNT_POINTS: this.countFile(who) };
    if (crash?.who === who) env = { ...env, TANDEM_KILL_AT: `${crash.point}:${crash.time}` };
    for (;;) {
      const process = new TandemProcess(args, env);
      this.alive.add(process);
      started(process);
      const ended = await process.ended;
      this.alive.delete(process);
      if (this.over || ended.code === 0) return ended;
      if (ended.by !== 'SIGKILL') throw new Error(`${who} ended with ${ended.code}: ${ended.stderr.slice(-600)}`);
      this.crashes++;
      env = {};
    }
  }

  private countFile(who: string | number): string {
    return join(this.folder, `points-${who}.json`);
  }

  private async counted(who: string | number): Promise<Partial<Record<CrashPoint, number>>> {
    // Who was killed has counted nothing.
    const text = await readFile(this.countFile(who), 'utf8').catch(() => '{}');
    return JSON.parse(text) as Partial<Record<CrashPoint, number>>;
  }
}
