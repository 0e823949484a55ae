import { loadMnist } from '../client/node/data/mnist.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import { findTask } from '../shared/tasks/find-task.js';
import { hostileRun } from './hostile-run.js';
import { markdownTable, writeSection } from './markdown.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:robustness [epochs]`: MNIST on ten clients, two of which send sign-flipped weights, ten times too long;
 * first, for comparison, ten honest ones. Under splitfed-v2, where clients send bottoms, and under fedavg, where they
 * send the whole model. Writes bench/results/robustness.json and the table in docs/.
 */
const epochs = Number(process.argv[2] ?? 1);
const settings = { clients: 10, epochs, roundSteps: 24, seed: 1 };
const [HOSTILE, FACTOR] = [2, -10];
const schedules = ['splitfed-v2', 'fedavg'];
const HONEST = { rule: 'mean', hostile: 0 };
const attacked = ['mean', 'trimmed-mean:0.2', 'multi-krum:2', 'median', 'krum:2', 'clip:1'].map((rule) => ({
  rule,
  hostile: HOSTILE,
}));

const loadedEngine = await chooseEngine('auto');
const data = await loadMnist();
const task = findTask('mnist');
const results: { schedule: string; rule: string; hostile: number; testAccuracy: number; testLoss: number | null }[] =
  [];
for (const schedule of schedules) {
  for (const { rule, hostile } of [HONEST, ...attacked]) {
    const options = { ...settings, schedule, task, data, loadedEngine, aggregation: rule, hostile, factor: FACTOR };
    const { testAccuracy, testLoss } = (await hostileRun(options)).summary;
    results.push({ schedule, rule, hostile, testAccuracy: testAccuracy ?? NaN, testLoss });
    process.stderr.write(`${schedule}, ${rule}, ${hostile} hostile: ${String(testAccuracy)}\n`);
  }
}

const facts = { date: new Date().toISOString().slice(0, 10), engine: loadedEngine.label, task: 'mnist', ...settings };
await writeResult('robustness', { ...facts, factor: FACTOR, results });
const table = markdownTable([
  ['rule', 'hostile clients', ...schedules.map((schedule) => `\`${schedule}\``)],
  ...[HONEST, ...attacked].map(({ rule, hostile }) => [
    `\`${rule}\``,
    `${hostile} of ${settings.clients}`,
    ...results
      .filter((result) => result.rule === rule && result.hostile === hostile)
      .map(({ testAccuracy }) => `${(100 * testAccuracy).toFixed(2)} %`),
  ]),
]);
const caption =
  `MNIST, ${settings.clients} clients, test accuracy, epochs: ${epochs}, rounds of ${settings.roundSteps} steps a client, ` +
  `seed ${settings.seed}, ${facts.engine}. Hostile clients send what they trained with every weight times ${FACTOR}.`;
await writeSection(new URL('docs/aggregation.md', root), 'bench:robustness', `${table}\n\n${caption}`);
console.log(table);
