import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { clientPart } from '../../server/run/client-part.js';
import { resolveRun } from '../../shared/config.js';
import { buildPlaced } from '../../shared/model/build.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { machine, median } from '../measuring.js';

/**
 * `npm run campaign:sockets [sockets] [seconds] [rounds]`: four honest clients train; every other window of time, hostile
 * sockets are there, too. Compares the steps and the memory of the server between windows. All in one machine, which the
 * hostile share with the honest. Writes bench/results/campaign-sockets.json; fails over 64 MB, under 90 %, or when an
 * honest client was lost.
 */
const [sockets = 1000, seconds = 15, rounds = 4] = process.argv.slice(2).map(Number);
const CLIENTS = 4;
const MAX_MEMORY = 64e6;
const MIN_THROUGHPUT = 0.9;
const SETTLE_MS = 3_000;
const WARM_UP_STEPS = 3_000;
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const task = findTask('mnist-mlp');
const settings = resolveRun(task, { clients: CLIENTS });
const { maxMessageBytes } = clientPart(task, buildPlaced(task, settings), settings);
const flags = [
  '--task',
  task.name,
  '--clients',
  String(CLIENTS),
  '--epochs',
  '1000',
  '--port',
  '0',
  '--engine',
  'tfjs',
];
const limits = ['--max-connections', String(2 * sockets + 100)];
// A profile of the server is what its figures are explained with.
const profile = process.env.PROFILE === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.env.PROFILE}`];
const server = spawn(
  process.execPath,
  [...profile, file('../../cli/main.js'), 'serve', ...flags, ...limits, '--log-json'],
  {
    stdio: ['ignore', 'ignore', 'pipe'],
  },
);
const url = await listening();
const base = url.replace('ws', 'http');
const honest = spawn(process.execPath, [file('honest-clients.js'), url, String(CLIENTS)], { stdio: 'inherit' });

interface Window {
  readonly hostile: boolean;
  readonly stepsPerSecond: number;
  /** Milliseconds of processor time of the server for a step. */
  readonly cpuPerStep: number;
  readonly maxBytes: number;
}
const windows: Window[] = [];
let lastDepartures = 0;
const [opened, cut]: Record<string, number>[] = [{}, {}];
try {
  // Until the pools of the engine and the heap have their size.
  while ((await metric('tandem_steps_total')) < WARM_UP_STEPS) await sleep(500);
  for (let round = 0; round < rounds; round++) {
    windows.push(await measure(false));
    const attack = startAttack();
    await sleep(SETTLE_MS);
    windows.push(await measure(true));
    const done = await attack.stop();
    lastDepartures = await metric('tandem_departures_total');
    add(opened!, done.opened);
    add(cut!, done.cut);
    await sleep(SETTLE_MS);
    process.stderr.write(`round ${round + 1} of ${rounds}: ${JSON.stringify(windows.slice(-2))}\n`);
  }
} finally {
  honest.kill();
  server.kill();
  await Promise.all([once(server, 'close'), honest.exitCode === null ? once(honest, 'close') : undefined]);
}

const of = (hostile: boolean) => windows.filter((window) => window.hostile === hostile);
// Against the quiet window before the first attack.
const memoryRise = Math.max(...of(true).map(({ maxBytes }) => maxBytes)) - (of(false)[0]?.maxBytes ?? NaN);
// The processor time that the attack takes from the server, as a share of one core: unlike the steps in a second, it does
// not depend on what else the machine does, nor on what the hostile themselves take.
const taken = of(true).map(({ stepsPerSecond, cpuPerStep }, i) => {
  const own = of(false)[i]?.cpuPerStep ?? NaN;
  return (stepsPerSecond * (cpuPerStep - own)) / 1000;
});
// Each hostile window against the quiet one right before it: the machine has other moods than ours.
const ratios = of(true).map(({ stepsPerSecond }, i) => stepsPerSecond / (of(false)[i]?.stepsPerSecond ?? NaN));
const date = new Date().toISOString().slice(0, 10);
const departures = lastDepartures;
const result = {
  ...{ date, machine: machine(), sockets, seconds, rounds, maxMessageBytes },
  memoryRiseMegabytes: Math.round(memoryRise / 1e5) / 10,
  throughputShare: Math.round(median(ratios) * 1000) / 1000,
  coreShareTaken: Math.round(median(taken) * 1000) / 1000,
  ...{ departures, ratios, taken, opened, cut, windows },
};
const results = new URL('../../../bench/results/', import.meta.url);
await mkdir(results, { recursive: true });
await writeFile(new URL('campaign-sockets.json', results), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));
// On a machine of its own the first figure says it; on a busy one, the second still does.
const keepsUp = median(ratios) >= MIN_THROUGHPUT || 1 - median(taken) >= MIN_THROUGHPUT;
if (memoryRise > MAX_MEMORY || !keepsUp || departures > 0) process.exitCode = 1;

async function measure(hostile: boolean): Promise<Window> {
  const [startedMs, before] = [performance.now(), await metric('tandem_steps_total')];
  const cpuBefore = await metric('process_cpu_seconds_total');
  let maxBytes = 0;
  while (performance.now() - startedMs < 1000 * seconds) {
    maxBytes = Math.max(maxBytes, await metric('process_resident_memory_bytes'));
    await sleep(500);
  }
  const steps = (await metric('tandem_steps_total')) - before;
  const cpuPerStep = (1000 * ((await metric('process_cpu_seconds_total')) - cpuBefore)) / steps;
  return { hostile, stepsPerSecond: (1000 * steps) / (performance.now() - startedMs), cpuPerStep, maxBytes };
}

/** The hostile, in a process of their own. */
function startAttack(): { stop: () => Promise<Record<'opened' | 'cut', Record<string, number>>> } {
  const { port } = new URL(base);
  const args = [file('hostile-process.js'), port, String(sockets), String(maxMessageBytes)];
  const attack = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  return {
    stop: async () => {
      attack.stdin.end();
      return JSON.parse(await text(attack.stdout)) as Record<'opened' | 'cut', Record<string, number>>;
    },
  };
}

async function metric(name: string): Promise<number> {
  const page = await (await fetch(`${base}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1]);
}

function listening(): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [found] = /ws:\/\/[\d.:]+/.exec(said) ?? [];
      if (found) resolve(found);
    });
    server.once('exit', () => reject(new Error(`the server ended: ${said}`)));
  });
}

function add(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [kind, count] of Object.entries(counts)) sums[kind] = (sums[kind] ?? 0) + count;
}
