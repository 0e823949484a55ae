import { existsSync } from 'node:fs';
import { simulate } from 'tandem/simulator';
import { howToGet, loadAdult } from './data.js';
import task from './task.js';

/** Four owners of rows train together; the undivided model on all rows is the baseline. */
const [path = process.env.ADULT_CSV ?? '', steps] = process.argv.slice(2);

if (!existsSync(path)) {
  console.error(path ? `There is no file ${path}. ${howToGet}` : howToGet);
  process.exit(1);
}

const data = await loadAdult(path);
console.log(`${data.train.size} rows to train on, ${data.test?.size} to test`);

for (const schedule of ['splitfed-v2', 'centralised']) {
  const { summary } = await simulate({ task, data, schedule, clients: 4, ...(steps ? { steps: Number(steps) } : {}) });
  const accuracy = (100 * (summary.testAccuracy ?? 0)).toFixed(2);
  console.log(`${schedule}: accuracy ${accuracy} % after ${summary.steps} steps`);
}
