import { loadMnist } from '../../client/node/data/mnist.js';
import { decidedByArrival } from '../../server/run/order-log.js';
import { limited } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { findSchedule, scheduleNames } from '../../shared/schedules.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { markdownTable, writeSection } from '../markdown.js';
import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import type { FaultCounts } from './chaos-proxy.js';
import { chaosRun } from './chaos-run.js';

/**
 * A long run with four clients behind a proxy that delays, splits, stalls and resets, for every schedule whose result does not depend on who came
 * first: `npm run chaos [faults] [seed]`. Writes bench/results/chaos.json and the table in docs/reliability.md. Ends with 1 if a single bit differs.
 */
const [faultsWanted = '1000', seed = '1'] = process.argv.slice(2);
const schedules = scheduleNames
  .map(findSchedule)
  .filter((schedule) => ['in-turns', 'at-once'].includes(schedule.clients) && !decidedByArrival(schedule));
const task = findTask('mnist-mlp');
const engine = await chooseEngine('onnx');
const all = await loadMnist();
const data = { train: all.train, test: limited(all.test ?? all.train, 200) };
interface Totals {
  readonly schedule: string;
  readonly runs: number;
  readonly steps: number;
  readonly faults: number;
  readonly reconnects: number;
  readonly different: number;
}
const want = Number(faultsWanted) / schedules.length;

const results: Totals[] = [];
for (const { name: schedule } of schedules) {
  const kinds = { delay: 0, split: 0, stall: 0, reset: 0 };
  let [faults, steps, reconnects, runs, different] = [0, 0, 0, 0, 0];
  while (faults < want) {
    const run = { schedule, clients: 4, steps: 400, roundSteps: 10, batch: 16, limit: 6_400, seed: runs + 1 };
    const onStep = (done: number, so: FaultCounts) => {
      if (done % 100 !== 0) return;
      const number = Object.values(so).reduce((total, each) => total + each, 0);
      process.stderr.write(`${schedule}, run ${runs + 1}: ${done} of ${run.steps} steps, ${number} faults\n`);
    };
    const result = await chaosRun({ task, data, engine, run, every: 60, seed: `${seed}/${schedule}/${runs}`, onStep });
    for (const [kind, number] of Object.entries(result.faults)) kinds[kind as keyof typeof kinds] += number;
    faults = kinds.delay + kinds.split + kinds.stall + kinds.reset;
    steps += result.steps;
    reconnects += result.reconnects;
    runs++;
    if (!result.same) different++;
    process.stderr.write(`${schedule}: ${faults} faults, ${steps} steps, ${reconnects} new links\n`);
  }
  results.push({ schedule, runs, steps, faults, ...kinds, reconnects, different });
}

const sum = (key: 'faults' | 'different') => results.reduce((total, result) => total + result[key], 0);
const date = new Date().toISOString().slice(0, 10);
const facts = { date, machine: machine(), node: process.version, seed, faults: sum('faults') };
const result = { ...facts, runsThatDiffer: sum('different'), schedules: results };
await writeResult('chaos', result);
const table = markdownTable([
  ['schedule', 'runs', 'steps', 'faults', 'new links', 'runs that differ'],
  ...results.map(({ schedule, ...numbers }) => {
    const { runs, steps, faults, reconnects, different } = numbers;
    return [`\`${schedule}\``, ...[runs, steps, faults, reconnects, different].map(count)];
  }),
]);
const caption = `${count(facts.faults)} faults with seed ${seed}. ${facts.machine}, Node ${facts.node}, ${date}.`;
await writeSection(new URL('docs/reliability.md', root), 'chaos', `${table}\n\n${caption}`);
console.log(JSON.stringify(result));
process.exitCode = result.runsThatDiffer > 0 ? 1 : 0;
