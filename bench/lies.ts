import { loadMnist } from '../client/node/data/mnist.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import { findTask } from '../shared/tasks/find-task.js';
import { hostileRun } from './hostile-run.js';
import { manners, type Manner } from './lying-uploads.js';
import { markdownTable, writeSection } from './markdown.js';
import { count, machine } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:lies [training samples]`: MNIST under fedavg on ten clients, two of which lie with all that they upload for the whole run, under each rule; first the eight
 * others alone. Writes bench/results/lies.json and the table in docs/aggregation.md.
 */
const limit = Number(process.argv[2] ?? 20_000);
const settings = { clients: 10, epochs: 2, roundSteps: 8, seed: 1, schedule: 'fedavg', limit };
const LIARS = 2;
const RULES = ['mean', 'multi-krum:2', 'trimmed-mean:0.2', 'median', 'krum:2', 'clip:1'];
/** What docs/aggregation.md recommends against clients that may lie. */
const RECOMMENDED = 'multi-krum:2';

const loadedEngine = await chooseEngine('auto');
const [data, task] = [await loadMnist(), findTask('mnist')];

async function accuracyOf(aggregation: string, lies?: Manner): Promise<number> {
  const others = lies ? { hostile: LIARS, manner: lies } : { hostile: 0, absent: LIARS };
  const run = await hostileRun({ ...settings, task, data, loadedEngine, aggregation, factor: 1, ...others });
  const accuracy = run.summary.testAccuracy ?? NaN;
  process.stderr.write(`${aggregation}, ${lies ?? 'alone'}: ${accuracy}\n`);
  return accuracy;
}

const results = [];
const alone = await accuracyOf('mean');
for (const rule of RULES) {
  const lied: number[] = [];
  for (const manner of manners) lied.push(await accuracyOf(rule, manner));
  results.push({ rule, ...Object.fromEntries(manners.map((manner, i) => [manner, lied[i] ?? NaN])) });
}
const facts = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  engine: loadedEngine.label,
  task: 'mnist',
};
await writeResult('lies', { ...facts, ...settings, liars: LIARS, recommended: RECOMMENDED, alone, results });
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const rows = results.map((result) => [
  `\`${result.rule}\`${result.rule === RECOMMENDED ? ', recommended' : ''}`,
  ...manners.map((manner) => percent(Number((result as Record<string, unknown>)[manner]))),
]);
const table = markdownTable([['rule', ...manners.map((manner) => `2 of 10 lie ${manner}`)], ...rows]);
const caption =
  `MNIST, ${count(limit)} training samples, fedavg, test accuracy, epochs: ${settings.epochs}, rounds of ${settings.roundSteps} steps, seed ${settings.seed}, ` +
  `${facts.engine}. The 8 others alone, under the mean: ${percent(alone)}. At random: weights of the size of the true ones, drawn anew in each round. Slowly: what was learned, the wrong way round, as long as an honest update.`;
await writeSection(new URL('docs/aggregation.md', root), 'bench:lies', `${table}\n\n${caption}`);
console.log(table);
