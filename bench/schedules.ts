import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { loadMnist } from '../client/node/data/mnist.js';
import { refusalOf } from '../shared/combinations.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import { findSchedule, scheduleNames } from '../shared/schedules.js';
import { findTask } from '../shared/tasks/find-task.js';
import { findTopology } from '../shared/topologies.js';
import { simulate, type SimulateOptions } from '../simulator/simulate.js';
import { machine } from './measuring.js';
import { renderScheduleBench, type BenchRun, type BenchSettings, type ScheduleBench } from './schedules-render.js';

/**
 * `npm run bench:schedules [epochs]`: MNIST on ten clients under every schedule and from three partitions, tested on the
 * way: accuracy after the same samples, at equal rounds and at equal bytes. Writes bench/results/schedules.json and the
 * tables in docs/. About twenty minutes; stopped, the same command goes on with the runs that are missing.
 * `npm run bench:schedules render` makes the tables again from what was measured.
 */
const root = new URL('../../', import.meta.url);
const results = new URL('bench/results/', root);
const finished = new URL('schedules.json', results);
const unfinished = new URL('schedules.part.json', results);
const [, , argument = '5'] = process.argv;
const schedules = scheduleNames.filter((name) => !refusalOf(findTopology('vanilla'), findSchedule(name)));
const networked = schedules.filter((name) => findSchedule(name).clients !== 'none');
const planned = [
  ...schedules.map((schedule) => ({ schedule, partition: 'iid' })),
  ...networked.map((schedule) => ({ schedule, partition: 'shards:2' })),
  ...networked.map((schedule) => ({ schedule, partition: 'dirichlet:0.1' })),
];

if (argument !== 'render') await measure(Number(argument));
const bench = JSON.parse(await readFile(finished, 'utf8')) as ScheduleBench;
console.log(await renderScheduleBench(bench, new URL('docs/', root)));

async function measure(epochs: number): Promise<void> {
  const settings = { task: 'mnist', clients: 10, epochs, batch: 16, roundSteps: 10, evaluateEvery: 10, seed: 1 };
  const loadedEngine = await chooseEngine('auto');
  const data = await loadMnist();
  const facts = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    node: process.version,
    engine: loadedEngine.label,
    settings,
  };
  const runs: BenchRun[] = [];
  const known = await runsBefore(settings);
  await mkdir(results, { recursive: true });
  for (const [index, plan] of planned.entries()) {
    const { schedule, partition } = plan;
    const before = known.find((run) => isSame(run, plan));
    const run = before ?? (await measureOne(settings, schedule, partition, { data, loadedEngine }));
    runs.push(run);
    const accuracy = (100 * (run.points.at(-1)?.testAccuracy ?? NaN)).toFixed(2);
    const how = before ? 'done before' : `${run.seconds.toFixed(0)} s`;
    process.stderr.write(`${index + 1} of ${planned.length}: ${schedule}, ${partition}: ${accuracy} %, ${how}\n`);
    const ahead = known.filter((other) => !runs.some((own) => isSame(own, other)));
    await writeFile(unfinished, `${JSON.stringify({ ...facts, runs: [...runs, ...ahead] }, null, 2)}\n`);
  }
  await writeFile(unfinished, `${JSON.stringify({ ...facts, runs }, null, 2)}\n`);
  await rename(unfinished, finished);
}

function isSame(a: Pick<BenchRun, 'schedule' | 'partition'>, b: Pick<BenchRun, 'schedule' | 'partition'>): boolean {
  return a.schedule === b.schedule && a.partition === b.partition;
}

async function measureOne(
  { task, ...settings }: BenchSettings,
  schedule: string,
  partition: string,
  given: Pick<SimulateOptions, 'data' | 'loadedEngine'>,
): Promise<BenchRun> {
  const { summary } = await simulate({ ...settings, ...given, schedule, partition, task: findTask(task) });
  const points = summary.evaluations.map(({ round, trainingBytes, metrics }) => {
    return { round, trainingBytes, testAccuracy: metrics.accuracy ?? NaN };
  });
  return { schedule, partition, seconds: summary.seconds, samples: summary.samples, points };
}

/** Those of a measurement with the same settings that was stopped. */
async function runsBefore(settings: BenchSettings): Promise<readonly BenchRun[]> {
  const text = await readFile(unfinished, 'utf8').catch(() => null);
  if (text === null) return [];
  const before = JSON.parse(text) as ScheduleBench;
  return JSON.stringify(before.settings) === JSON.stringify(settings) ? before.runs : [];
}
