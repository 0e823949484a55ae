import { loadMnist } from '../client/node/data/mnist.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import { findSchedule, scheduleNames } from '../shared/schedules.js';
import { findTask } from '../shared/tasks/find-task.js';
import { simulate } from '../simulator/simulate.js';
import { runWithDropouts } from './dropout-run.js';
import { markdownTable, writeSection } from './markdown.js';
import { machine } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:dropouts [epochs]`: MNIST on ten clients, of which three fall silent in the middle of a round with
 * their sockets open and two come late; first, for comparison, ten that stay. Under every schedule whose clients work at
 * once. Writes bench/results/dropouts.json and the table in docs/.
 */
const epochs = Number(process.argv[2] ?? 3);
const settings = { clients: 10, epochs, batch: 16, roundSteps: 10, seed: 1 };
const course = { silent: [1, 4, 6], silentAfter: 95, late: [8, 9], lateAfterRounds: 3 };
const deadline = 5;

const schedules = scheduleNames.filter((name) => findSchedule(name).clients === 'at-once');
const loadedEngine = await chooseEngine('auto');
const data = await loadMnist();
const task = findTask('mnist');
const results: { schedule: string; undisturbed: number; disturbed: number; seconds: [number, number] }[] = [];
for (const schedule of schedules) {
  const run = { ...settings, schedule, task, data, loadedEngine };
  const calm = (await simulate(run)).summary;
  const disturbed = (await runWithDropouts({ ...run, deadlineSeconds: deadline, ...course })).summary;
  const seconds: [number, number] = [calm.seconds, disturbed.seconds];
  const [before, after] = [calm.testAccuracy ?? NaN, disturbed.testAccuracy ?? NaN];
  results.push({ schedule, undisturbed: before, disturbed: after, seconds });
  process.stderr.write(`${schedule}: ${before} undisturbed, ${after} with dropouts\n`);
}

const facts = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  engine: loadedEngine.label,
  task: 'mnist',
};
const content = { ...facts, ...settings, deadline, ...course, results };
await writeResult('dropouts', content);
const percent = (accuracy: number) => `${(100 * accuracy).toFixed(2)} %`;
const table = markdownTable([
  ['schedule', 'all ten stay', '3 fall silent, 2 come late', 'seconds', 'seconds with dropouts'],
  ...results.map(({ schedule, undisturbed, disturbed, seconds }) => [
    `\`${schedule}\``,
    percent(undisturbed),
    percent(disturbed),
    ...seconds.map((value) => value.toFixed(0)),
  ]),
]);
const caption =
  `Test accuracy on MNIST, ${settings.clients} clients, epochs: ${epochs}, batch ${settings.batch}, rounds of ${settings.roundSteps} ` +
  `steps a client, seed ${settings.seed}, ${facts.engine}, \`--deadline ${deadline}\`. The silent ones stop after ` +
  `${course.silentAfter} of their steps, the late ones join after round ${course.lateAfterRounds}. The test samples of the silent ones are not tested on. ${facts.machine}, ${facts.date}.`;
await writeSection(new URL('docs/topologies.md', root), 'bench:dropouts', `${table}\n\n${caption}`);
console.log(table);
