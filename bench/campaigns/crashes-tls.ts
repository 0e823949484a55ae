import { type CrashPoint } from '../../shared/crash-point.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { loadMnist } from '../../client/node/data/mnist.js';
import { createRng } from '../../shared/rng.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate } from '../../simulator/simulate.js';
import { markdownTable, writeSection } from '../markdown.js';
import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import type { Fault } from './chaos-proxy.js';
import { tlsRun, type TlsCrash, type TlsRunOptions, type TlsRunResult } from './tls-run.js';

/**
 * Server and clients as processes over TLS, with the real `mnist` task and checkpoints as distant as can be, so that much is sent again. Kills one of them at
 * a named point in each run, or sends their links through a proxy that cuts them, or disturbs them in other ways as well, and compares the weights
 * with those of the run that nobody disturbed: `npm run crashes:tls [crashes] [lost] [chaos] [seed]`. Writes bench/results/crashes-tls.json and
 * what docs/reliability.md says of it, unless fewer than 50 crashes are asked for. Ends with 1 if a single bit differs.
 */
const [crashesWanted = '50', lostWanted = '10', chaosWanted = '5', seed = '1'] = process.argv.slice(2);
const ENOUGH = 50;
const CLIENTS = 2;
const run = { clients: CLIENTS, limit: 1_200, steps: 60, roundSteps: 15, seed: 5 } as const;
const options = {
  clients: CLIENTS,
  size: [
    ...['--task', 'mnist', '--clients', `${CLIENTS}`, '--limit', `${run.limit}`, '--steps', `${run.steps}`],
    ...['--round-steps', `${run.roundSteps}`, '--seed', `${run.seed}`],
  ],
  data: ['--data', 'mnist', '--limit', `${run.limit}`],
} satisfies Partial<TlsRunOptions>;
const rng = createRng('crashes-tls', seed);
const startedMs = performance.now();

const { train, test } = await loadMnist();
const task = findTask('mnist');
const loadedEngine = await chooseEngine('auto');
const { summary } = await simulate({ task, data: { train, ...(test ? { test } : {}) }, ...run, loadedEngine });
const expected = summary.weightsHash;

interface Kind {
  readonly kind: string;
  runs: number;
  crashes: number;
  faults: number;
  different: number;
}
const kinds: Kind[] = [];

async function tryRun(kind: Kind, what: string, more: Partial<TlsRunOptions>): Promise<TlsRunResult | undefined> {
  kind.runs++;
  try {
    const result = await tlsRun({ ...options, serverKeeps: false, ...more });
    kind.crashes += result.crashes;
    kind.faults += Object.values(result.faults ?? {}).reduce((sum, number) => sum + number, 0);
    const same = result.weightsHash === expected && result.steps === run.steps;
    if (!same) kind.different++;
    process.stderr.write(
      `${kind.kind} ${kind.runs}: ${what}: ${same ? 'the same' : `DIFFERS: ${result.weightsHash}`}\n`,
    );
    return result;
  } catch (error) {
    kind.different++;
    process.stderr.write(`${kind.kind} ${kind.runs}: ${what}: FAILED: ${String(error)}\n`);
    return undefined;
  }
}

function newKind(kind: string): Kind {
  const made = { kind, runs: 0, crashes: 0, faults: 0, different: 0 };
  kinds.push(made);
  return made;
}

const undisturbed = newKind('undisturbed');
const counted = (await tryRun(undisturbed, 'nothing', { serverKeeps: true }))?.reached ?? [];
const points = counted.flatMap((counts, index) =>
  Object.entries(counts).map(([point, times]) => ({
    who: index === 0 ? ('server' as const) : index - 1,
    point,
    times,
  })),
);

const crashes = newKind('a process killed');
while (points.length > 0 && crashes.crashes < Number(crashesWanted) && crashes.runs < 2 * Number(crashesWanted)) {
  const { who, point, times } = points[rng.int(points.length)] ?? { who: 0, point: 'client.received', times: 1 };
  const crash: TlsCrash = { who, point: point as CrashPoint, time: 1 + rng.int(times) };
  const serverKeeps = who === 'server' || rng.int(2) === 0;
  const name = typeof who === 'number' ? `client ${who}` : who;
  await tryRun(crashes, `${name} at ${point} ${crash.time}${serverKeeps ? '' : ', the server keeps nothing'}`, {
    crash,
    serverKeeps,
  });
}

const lost = newKind('links cut');
for (let i = 0; i < Number(lostWanted); i++) {
  const chaos = { every: 60 + rng.int(200), kinds: ['reset'] as const, seed: `${seed}/lost/${i}` };
  await tryRun(lost, `one piece in ${chaos.every}`, { chaos });
}

const disturbed = newKind('links delayed, split, stalled and cut');
for (let i = 0; i < Number(chaosWanted); i++) {
  // A stalled link takes seconds to be noticed.
  const often: readonly Fault[] = ['delay', 'split', 'reset'];
  const chaos = { every: 60, kinds: [...often, ...often, ...often, 'stall'] as const, seed: `${seed}/chaos/${i}` };
  await tryRun(disturbed, `one piece in ${chaos.every}`, { chaos });
}

const sum = (key: 'different' | 'crashes' | 'faults') => kinds.reduce((total, kind) => total + kind[key], 0);
const seconds = Math.round((performance.now() - startedMs) / 1000);
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version, seed, seconds };
const result = { ...facts, crashes: sum('crashes'), faults: sum('faults'), runsThatDiffer: sum('different'), kinds };
if (Number(crashesWanted) >= ENOUGH) {
  await writeResult('crashes-tls', result);
  const table = markdownTable([
    ['what happens', 'runs', 'crashes', 'faults', 'runs that differ'],
    ...kinds.map(({ kind, ...numbers }) => [
      kind,
      ...[numbers.runs, numbers.crashes, numbers.faults, numbers.different].map(count),
    ]),
  ]);
  const caption = `Two clients, \`mnist\`, ${run.steps} steps, seed ${seed}, ${count(seconds)} s. ${facts.machine}, Node ${facts.node}, ${facts.date}.`;
  await writeSection(new URL('docs/reliability.md', root), 'crashes:tls', `${table}\n\n${caption}`);
}
console.log(JSON.stringify(result));
process.exitCode = result.runsThatDiffer > 0 ? 1 : 0;
