import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { clientPart } from '../../server/run/client-part.js';
import { resolveRun } from '../../shared/config.js';
import { buildPlaced } from '../../shared/model/build.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { writeSection } from '../markdown.js';
import { count, machine, median } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { TrainedServer, type Seen } from './trained-server.js';

/**
 * `npm run campaign:sockets [sockets] [seconds] [rounds]`: what hostile sockets cost a server that trains with four honest clients. Each round
 * has two fresh servers, in turn the one first and the other: one is attacked and one is not, both watched for the same two
 * windows of time, since the memory of a process grows by itself, too. The memory the attack costs is the difference of their
 * peaks in the second window; its throughput is that of the second window to the first. All in one machine, which
 * the hostile share with the honest. Writes bench/results/campaign-sockets.json; fails over 64 MB, under 90 %, or when an honest
 * client was lost.
 */
const [sockets = 1000, seconds = 15, rounds = 5] = process.argv.slice(2).map(Number);
const CLIENTS = 4;
const MAX_MEGABYTES = 64;
const MIN_THROUGHPUT = 0.9;
const SETTLE_MS = 3_000;
const WARM_UP_STEPS = 3_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const task = findTask('mnist-mlp');
const settings = resolveRun(task, { clients: CLIENTS });
const { maxMessageBytes } = clientPart(task, await buildPlaced(task, settings), settings);

interface Watched {
  readonly before: Seen;
  readonly during: Seen;
  readonly departures: number;
}
const [quiet, attacked]: Watched[][] = [[], []];
const [opened, cut]: Record<string, number>[] = [{}, {}];
for (let round = 0; round < rounds; round++) {
  const order = round % 2 === 0 ? [false, true] : [true, false];
  for (const hostile of order) (hostile ? attacked : quiet)!.push(await watchOne(hostile));
  process.stderr.write(`round ${round + 1} of ${rounds}: ${JSON.stringify([quiet!.at(-1), attacked!.at(-1)])}\n`);
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
const rises = attacked!.map(({ during }, i) => during.maxBytes - (quiet![i]?.during.maxBytes ?? NaN));
// The processor time that the attack takes from the server, as a share of one core: unlike the steps in a second, it does
// not depend on what else the machine does, nor on what the hostile themselves take.
const taken = attacked!.map(
  ({ before, during }) => (during.stepsPerSecond * (during.cpuPerStep - before.cpuPerStep)) / 1000,
);
const ratios = attacked!.map(({ before, during }) => during.stepsPerSecond / before.stepsPerSecond);
const departures = attacked!.reduce((sum, watched) => sum + watched.departures, 0);
const result = {
  ...{ date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version },
  ...{ sockets, seconds, rounds, maxMessageBytes },
  memoryRiseMegabytes: megabytes(median(rises)),
  highestMemoryRiseMegabytes: megabytes(Math.max(...rises)),
  throughputShare: Math.round(median(ratios) * 1000) / 1000,
  coreShareTaken: Math.round(median(taken) * 1000) / 1000,
  ...{ departures, rises, ratios, taken, opened, cut, quiet, attacked },
};
await writeResult('campaign-sockets', result);
await writeSection(
  new URL('docs/security.md', root),
  'campaign:sockets',
  `Beside ${count(sockets)} hostile sockets ${departures} honest clients were lost. The server did ${percent(median(ratios))} of its steps in a second (the aim is ` +
    `${percent(MIN_THROUGHPUT)}), and took ${result.memoryRiseMegabytes} MB more memory than a server without them, at the highest ` +
    `${result.highestMemoryRiseMegabytes} MB (the aim is ${MAX_MEGABYTES}): medians of ${rounds} rounds, each with two fresh servers. ${machine()}, Node ${process.version}, ${result.date}.`,
);
console.log(JSON.stringify(result));
// On a machine of its own the first figure says it; on a busy one, the second still does.
const keepsUp = median(ratios) >= MIN_THROUGHPUT || 1 - median(taken) >= MIN_THROUGHPUT;
if (megabytes(median(rises)) > MAX_MEGABYTES || !keepsUp || departures > 0) process.exitCode = 1;

async function watchOne(hostile: boolean): Promise<Watched> {
  const server = await TrainedServer.start(task.name, CLIENTS, ['--max-connections', String(2 * sockets + 100)]);
  try {
    await server.warmUp(WARM_UP_STEPS);
    const before = await server.watch(seconds);
    const attack = hostile ? startAttack(new URL(server.url).port) : undefined;
    await sleep(SETTLE_MS);
    const during = await server.watch(seconds);
    const done = await attack?.stop();
    if (done) {
      add(opened!, done.opened);
      add(cut!, done.cut);
    }
    return { before, during, departures: await server.metric('tandem_departures_total') };
  } finally {
    await server.close();
  }
}

/** The hostile, in a process of their own. */
function startAttack(port: string): { stop: () => Promise<Record<'opened' | 'cut', Record<string, number>>> } {
  const script = fileURLToPath(new URL('hostile-process.js', import.meta.url));
  const args = [script, port, String(sockets), String(maxMessageBytes)];
  const attack = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  return {
    stop: async () => {
      attack.stdin.end();
      return JSON.parse(await text(attack.stdout)) as Record<'opened' | 'cut', Record<string, number>>;
    },
  };
}

function add(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [kind, count] of Object.entries(counts)) sums[kind] = (sums[kind] ?? 0) + count;
}
