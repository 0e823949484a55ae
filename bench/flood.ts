import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { onCore, TrainedServer, type Cores, type Seen } from './campaigns/trained-server.js';
import { markdownTable, writeSection } from './markdown.js';
import { count, machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:flood [requests a second] [seconds] [rounds] [steps before]`: what requests of another address, without end, cost the clients of a run. One server trains with four of them; windows
 * without a flood, with one, and with a flooder that computes the same but knocks at a port of its own take turns. On Linux the server has a core to itself, and clients and flooder share the other.
 * Writes bench/results/flood.json and the table in docs/security.md; fails where honest clients lose more than a tenth of their speed.
 */
const [perSecond = 1000, seconds = 6, rounds = 3, warmUpSteps = 200] = process.argv.slice(2).map(Number);
const MOST_LOST = 0.1;
const CLIENTS = 4;
const task = 'mnist-mlp';
const kinds = ['quiet', 'control', 'flooded'] as const;
const cores: Cores | undefined =
  process.platform === 'linux' && cpus().length > 1 ? { server: 0, clients: 1 } : undefined;

/** So long a flooder may take to say what it has done, and the run to get warm; what is not told by then fails the measurement instead of going on without end. */
const [MOST_TO_TELL_SECONDS, MOST_TO_WARM_UP_SECONDS] = [5, 240];

interface Flood {
  /** Requests that were answered, or closed. */
  readonly ended: number;
  readonly cpuSeconds: number;
}

interface Window extends Seen, Flood {
  readonly seconds: number;
}

const server = await TrainedServer.start(task, CLIENTS, ['--limit-loopback'], cores);
const windows: Record<(typeof kinds)[number], Window[]> = { quiet: [], control: [], flooded: [] };
let departures = 0;
try {
  await within(MOST_TO_WARM_UP_SECONDS, server.warmUp(warmUpSteps), `${warmUpSteps} steps before the first window`);
  for (let round = 0; round < rounds; round++)
    for (const kind of kinds) {
      const window = await watch(kind);
      windows[kind].push(window);
      process.stderr.write(`round ${round + 1} of ${rounds}, ${kind}: ${JSON.stringify(window)}\n`);
    }
  departures = await server.metric('tandem_departures_total');
} finally {
  await server.close();
}

const speedOf = (kind: (typeof kinds)[number]) => median(windows[kind].map(({ stepsPerSecond }) => stepsPerSecond));
// Each window with a flood is held against the one before it, in which the flooder took as much of the machine.
const lost = median(
  windows.flooded.map((one, i) => 1 - one.stepsPerSecond / (windows.control[i]?.stepsPerSecond ?? NaN)),
);
/** Of the server's core, which does not depend on what else the machine does. */
const share = median(
  windows.flooded.map((one, i) => {
    const spare = one.cpuPerStep - (windows.control[i]?.cpuPerStep ?? NaN);
    return (spare * one.stepsPerSecond * perSecond * one.seconds) / (1000 * one.ended);
  }),
);
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version };
const set = { perSecond, seconds, rounds, clients: CLIENTS, task, cores: cores ?? null };
const figures = { lost, share, departures };
await writeResult('flood', { ...facts, ...set, ...figures, windows });
const percent = (of: number) => `${(100 * of).toFixed(1)} %`;
const came = median(windows.flooded.map((one) => one.ended / one.seconds));
const rows = [
  ['', 'steps a second', 'processor time of the server for a step'],
  ...kinds.map((kind) => [
    { quiet: 'no flood', control: 'a flooder that does not reach the server', flooded: 'flood' }[kind],
    speedOf(kind).toFixed(1),
    `${median(windows[kind].map(({ cpuPerStep }) => cpuPerStep)).toFixed(2)} ms`,
  ]),
];
const caption =
  `Honest clients lose ${percent(lost)} of their speed by ${count(perSecond)} requests a second of another address (the aim is ${percent(MOST_LOST)}), which take ${percent(share)} of a core; ${departures} of them were lost. ` +
  `${task}, ${CLIENTS} clients; requests open a socket each, half for a page and half for a link, and ${Math.round(came)} a second were answered or closed; medians of ${rounds} rounds of windows of ${seconds} s. ` +
  `${facts.machine}, Node ${facts.node}, ${facts.date}.`;
await writeSection(new URL('docs/security.md', root), 'bench:flood', `${markdownTable(rows)}\n\n${caption}`);
console.log(JSON.stringify(figures));
// What is not a number is not within the aim, either.
if (!(lost <= MOST_LOST && share <= MOST_LOST) || departures > 0) process.exitCode = 1;

async function watch(kind: (typeof kinds)[number]): Promise<Window> {
  const flood = kind === 'quiet' ? undefined : startFlood(kind === 'control' ? '0' : new URL(server.url).port);
  const startedMs = performance.now();
  const seen = await server.watch(seconds, seconds);
  const took = (performance.now() - startedMs) / 1000;
  return { ...seen, seconds: took, ...((await flood?.stop()) ?? { ended: 0, cpuSeconds: 0 }) };
}

/** The flood, in a process of its own, of the priority of the others: the control has the same one. */
function startFlood(port: string): { stop: () => Promise<Flood> } {
  const script = fileURLToPath(new URL('campaigns/flood-process.js', import.meta.url));
  const args = onCore(cores?.clients, [script, port, String(perSecond)]);
  const flood = spawn(...args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let told = '';
  flood.stdout.on('data', (chunk: Buffer) => (told += String(chunk)));
  const closed = once(flood, 'close');
  return {
    stop: async () => {
      flood.stdin.end();
      const kill = setTimeout(() => flood.kill('SIGKILL'), 1000 * MOST_TO_TELL_SECONDS);
      await closed;
      clearTimeout(kill);
      // The last whole line; of a flooder that had to be ended it is up to a second old.
      const line = told.split('\n').at(-2);
      if (line === undefined) throw new Error('the flooder had no time on the processor: measure on a quieter machine');
      const { ended, cpuSeconds } = JSON.parse(line) as Flood;
      return { ended, cpuSeconds };
    },
  };
}

async function within(seconds: number, work: Promise<void>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} took over ${seconds} s: measure on a quieter machine`)),
      1000 * seconds,
    );
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
