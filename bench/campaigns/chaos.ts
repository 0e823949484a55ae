/**
 * A long run with four clients behind a proxy that delays, splits, stalls and resets, for every schedule that has one lane or one
 * lane a client: `npm run chaos [faults] [seed]`. Ends with 1 if a single bit differs.
 */
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { limited } from '../../shared/data/dataset.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { loadMnist } from '../../client/node/data/mnist.js';
import { chaosRun } from './chaos-run.js';

const [faultsWanted = '1000', seed = '1'] = process.argv.slice(2);
const schedules = ['sequential', 'splitfed-v1', 'splitfed-v2', 'splitfed-v3'];
const task = findTask('mnist-mlp');
const engine = await chooseEngine('onnx');
const all = await loadMnist();
const data = { train: all.train, test: limited(all.test ?? all.train, 200) };
const want = Number(faultsWanted) / schedules.length;
let different = 0;
let total = 0;

for (const schedule of schedules) {
  const sum = { delay: 0, split: 0, stall: 0, reset: 0 };
  let [faults, steps, reconnects, runs] = [0, 0, 0, 0];
  while (faults < want) {
    const run = { schedule, clients: 4, steps: 400, roundSteps: 10, batch: 16, limit: 6_400, seed: runs + 1 };
    const result = await chaosRun({ task, data, engine, run, every: 60, seed: `${seed}/${schedule}/${runs}` });
    for (const [kind, count] of Object.entries(result.faults)) sum[kind as keyof typeof sum] += count;
    faults = sum.delay + sum.split + sum.stall + sum.reset;
    steps += result.steps;
    reconnects += result.reconnects;
    runs++;
    if (!result.same) different++;
    process.stderr.write(`${schedule}: ${faults} faults, ${steps} steps, ${reconnects} new links\n`);
  }
  total += faults;
  console.log(JSON.stringify({ schedule, runs, steps, faults, ...sum, reconnects }));
}
console.log(JSON.stringify({ faults: total, runsThatDiffer: different, seed }));
process.exitCode = different > 0 ? 1 : 0;
