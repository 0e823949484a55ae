import { mkdir, writeFile } from 'node:fs/promises';
import { loadMnist } from '../client/node/data/mnist.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import { findTask } from '../shared/tasks/find-task.js';
import { hostileRun } from './hostile-run.js';
import { markdownTable, writeSection } from './markdown.js';

/**
 * `npm run bench:robustness [epochs]`: MNIST on ten clients under splitfed-v2, two of which send sign-flipped bottoms, ten
 * times too long; first, for comparison, ten honest ones. Writes bench/results/robustness.json and the table in docs/.
 */
const root = new URL('../../', import.meta.url);
const epochs = Number(process.argv[2] ?? 1);
const settings = { clients: 10, epochs, roundSteps: 24, seed: 1 };
const [HOSTILE, FACTOR] = [2, -10];
const HONEST = { rule: 'mean', hostile: 0 };
const attacked = ['mean', 'trimmed-mean:0.2', 'multi-krum:2', 'median', 'krum:2', 'clip:1'].map((rule) => ({
  rule,
  hostile: HOSTILE,
}));

const loadedEngine = await chooseEngine('auto');
const data = await loadMnist();
const task = findTask('mnist');
const results: { rule: string; hostile: number; testAccuracy: number; testLoss: number }[] = [];
for (const { rule, hostile } of [HONEST, ...attacked]) {
  const options = { ...settings, task, data, loadedEngine, aggregation: rule, hostile, factor: FACTOR };
  const { testAccuracy, testLoss } = (await hostileRun(options)).summary;
  results.push({ rule, hostile, testAccuracy: testAccuracy ?? NaN, testLoss: testLoss ?? NaN });
  process.stderr.write(`${rule}, ${hostile} hostile: ${String(testAccuracy)}\n`);
}

await mkdir(new URL('bench/results/', root), { recursive: true });
const facts = { date: new Date().toISOString().slice(0, 10), engine: loadedEngine.label, task: 'mnist', ...settings };
const file = new URL('bench/results/robustness.json', root);
await writeFile(file, `${JSON.stringify({ ...facts, factor: FACTOR, results }, null, 2)}\n`);
const table = markdownTable([
  ['rule', 'hostile clients', 'test accuracy'],
  ...results.map(({ rule, hostile, testAccuracy }) => [
    `\`${rule}\``,
    `${hostile} of ${settings.clients}`,
    `${(100 * testAccuracy).toFixed(2)} %`,
  ]),
]);
const caption =
  `MNIST, ${settings.clients} clients, splitfed-v2, epochs: ${epochs}, rounds of ${settings.roundSteps} steps a client, ` +
  `seed ${settings.seed}, ${facts.engine}. Hostile clients send their bottoms with every weight times ${FACTOR}.`;
await writeSection(new URL('docs/aggregation.md', root), 'bench:robustness', `${table}\n\n${caption}`);
console.log(table);
