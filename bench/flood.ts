import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { TrainedServer, type Seen } from './campaigns/trained-server.js';
import { markdownTable, writeSection } from './markdown.js';
import { count, machine, median } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:flood [requests a second] [seconds] [rounds] [steps before]`: what requests of another address, without end, cost the clients of a run. One server trains with four of them; windows
 * with and without the flood take turns. Time is that of the processor which the server takes, so neither what the flooder computes nor whatever else the machine does is in it. Writes
 * bench/results/flood.json and the table in docs/security.md; fails where honest clients lose more than a tenth of their speed.
 */
const [perSecond = 1000, seconds = 15, rounds = 3, warmUpSteps = 3000] = process.argv.slice(2).map(Number);
const MOST_LOST = 0.1;
const CLIENTS = 4;
const task = 'mnist-mlp';

interface Window {
  readonly seen: Seen & { readonly seconds: number };
  /** Requests that were answered in it. */
  readonly requests: number;
}

const server = await TrainedServer.start(task, CLIENTS, ['--limit-loopback']);
const quiet: Window[] = [];
const flooded: Window[] = [];
let departures = 0;
try {
  await server.warmUp(warmUpSteps);
  for (let round = 0; round < rounds; round++) {
    quiet.push({ seen: await watch(), requests: 0 });
    const flood = startFlood(new URL(server.url).port);
    const seen = await watch();
    flooded.push({ seen, requests: await flood.stop() });
    process.stderr.write(`round ${round + 1} of ${rounds}: ${JSON.stringify([quiet.at(-1), flooded.at(-1)])}\n`);
  }
  departures = await server.metric('tandem_departures_total');
} finally {
  await server.close();
}

// Each window with a flood is held against the one before it.
const lost = flooded.map(({ seen, requests }, i) => {
  const spare = seen.cpuPerStep - (quiet[i]?.seen.cpuPerStep ?? NaN);
  const steps = seen.stepsPerSecond * seen.seconds;
  return { cpuMsPerRequest: (spare * steps) / requests, perSecond: requests / seen.seconds };
});
const cpuMs = median(lost.map(({ cpuMsPerRequest }) => cpuMsPerRequest));
/** Of one core, which is the most that the run can have. */
const share = (cpuMs * perSecond) / 1000;
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version };
const figures = { cpuMsPerRequest: cpuMs, share, departures };
await writeResult('flood', {
  ...facts,
  perSecond,
  seconds,
  rounds,
  clients: CLIENTS,
  task,
  ...figures,
  lost,
  quiet,
  flooded,
});
const percent = (of: number) => `${(100 * of).toFixed(1)} %`;
const came = median(lost.map((one) => one.perSecond));
const rows = [
  ['requests a second of another address', 'processor time of one', 'of a core', 'honest clients lost'],
  [count(perSecond), `${cpuMs.toFixed(3)} ms`, percent(share), String(departures)],
];
const caption =
  `${task}, ${CLIENTS} clients beside requests that each open a socket, half for a page and half for a link, ${Math.round(came)} of them a second as they came in; medians of ${rounds} pairs of windows of ` +
  `${seconds} s with and without. The server computes on one core, so its clients lose at most that share of their speed (the aim is ${percent(MOST_LOST)}). ${facts.machine}, Node ${facts.node}, ${facts.date}.`;
await writeSection(new URL('docs/security.md', root), 'bench:flood', `${markdownTable(rows)}\n\n${caption}`);
console.log(JSON.stringify(figures));
if (share > MOST_LOST || departures > 0) process.exitCode = 1;

async function watch(): Promise<Window['seen']> {
  const startedMs = performance.now();
  const seen = await server.watch(seconds, seconds);
  return { ...seen, seconds: (performance.now() - startedMs) / 1000 };
}

/** The flood, in a process of its own. Answers, once it has stopped, how many requests were answered. */
function startFlood(port: string): { stop: () => Promise<number> } {
  const script = fileURLToPath(new URL('campaigns/flood-process.js', import.meta.url));
  const flood = spawn(process.execPath, [script, port, String(perSecond)], { stdio: ['pipe', 'pipe', 'inherit'] });
  return {
    stop: async () => {
      flood.stdin.end();
      return (JSON.parse(await text(flood.stdout)) as { ended: number }).ended;
    },
  };
}
