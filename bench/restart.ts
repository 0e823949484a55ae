import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createRng } from '../shared/rng.js';
import { markdownTable, writeSection } from './markdown.js';
import { machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:restart -- [kills] [--json]`: `kill -9` of a server with two clients that train on MNIST, again and again, each time at a
 * random moment; how long it takes from when the next one listens until it has applied a step, by the server's own log. With fewer than 50 kills
 * nothing is written to bench/results/ and docs/.
 */
const tandem = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const given = process.argv.slice(2).filter((word) => word !== '--json');
const json = process.argv.includes('--json');
const kills = Number(given[0] ?? 50);
const ENOUGH = 50;
/** Clients count a link as good after 5 seconds, and come back sooner then: a server is not killed every second. */
const UP_SECONDS = { least: 5.5, spread: 2 };
const PATIENCE_SECONDS = 60;
const size = ['--task', 'mnist', '--clients', '2', '--steps', '1000000', '--round-steps', '300', '--seed', '1'];

interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly msg: string;
  readonly step?: number;
}

/** A command of its own process; `said` resolves with the first line of its log that fits. */
class Process {
  readonly child: ChildProcess;
  private readonly lines: LogLine[] = [];
  private heard: () => void = () => undefined;
  private stderr = '';

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [tandem, ...args, '--log-json'], { stdio: ['ignore', 'ignore', 'pipe'] });
    if (!this.child.stderr) throw new Error('a process has no stderr');
    createInterface(this.child.stderr).on('line', (line) => {
      this.stderr = `${this.stderr}${line}\n`.slice(-2_000);
      if (!line.startsWith('{')) return;
      this.lines.push(JSON.parse(line) as LogLine);
      this.heard();
    });
  }

  async said(fits: (line: LogLine) => boolean): Promise<LogLine> {
    const until = Date.now() + 1000 * PATIENCE_SECONDS;
    for (;;) {
      const line = this.lines.find(fits);
      if (line) return line;
      if (this.child.exitCode !== null || Date.now() > until) throw new Error(`nothing was said: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.heard = resolve;
        setTimeout(resolve, 200);
      });
    }
  }

  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('close', resolve));
    if (this.child.exitCode === null && this.child.kill('SIGKILL')) await gone;
  }
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

const folder = await mkdtemp(join(tmpdir(), 'tandem-restart-'));
const port = await freePort();
const serve = () => new Process('serve', '--port', port, '--grace', '60', '--state', join(folder, 'server'), ...size);
const rng = createRng('restart', 1);
const isUp = ({ msg }: LogLine) => msg.startsWith('serving ');
const hasStepped = ({ step, msg }: LogLine) => step !== undefined && msg.startsWith('step ');
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

const seconds: number[] = [];
let server = serve();
await server.said(isUp);
const clients = [0, 1].map((index) => {
  const state = ['--state', join(folder, `client-${index}`)];
  return new Process('join', `ws://127.0.0.1:${port}`, '--data', 'mnist', '--shard', `${index}/2`, ...state);
});
try {
  let last = await server.said(hasStepped);
  for (let kill = 0; kill < kills; kill++) {
    await pause(UP_SECONDS.least + (UP_SECONDS.spread * rng.int(1_000)) / 1_000);
    await server.kill();
    server = serve();
    const up = await server.said(isUp);
    const next = await server.said(hasStepped);
    if ((next.step ?? 0) < (last.step ?? 0)) throw new Error(`step ${next.step} came after step ${last.step}`);
    last = next;
    seconds.push((next.time - up.time) / 1000);
    process.stderr.write(`${kill + 1} of ${kills}: ${seconds.at(-1)?.toFixed(3)} s, step ${next.step}\n`);
  }
} finally {
  await Promise.all([server, ...clients].map((each) => each.kill()));
  await rm(folder, { recursive: true });
}

const sorted = [...seconds].sort((a, b) => a - b);
const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] ?? NaN;
const worst = sorted.at(-1) ?? NaN;
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version, kills };
const result = { ...facts, size, p50: median(seconds), p99, worst, seconds };
const table = markdownTable([
  ['from listening again to the next step', 'seconds'],
  ['median', result.p50.toFixed(2)],
  ['99th percentile', p99.toFixed(2)],
  ['worst', worst.toFixed(2)],
]);
if (kills >= ENOUGH) {
  await writeResult('restart', result);
  const caption =
    `MNIST, two clients with state folders, the server killed with \`kill -9\` ${kills} times, 5.5 to 7.5 s after its first step. ` +
    `${facts.machine}, Node ${facts.node}, ${facts.date}.`;
  await writeSection(new URL('docs/reliability.md', root), 'bench:restart', `${table}\n\n${caption}`);
}
console.log(json ? JSON.stringify(result) : table);
