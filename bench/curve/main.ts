import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { loadMnist } from '../../client/node/data/mnist.js';
import { readOwnTable } from '../../client/node/own/large-table.js';
import { splitColumns } from '../../shared/data/party-data.js';
import { adultTable } from '../../shared/tasks/adult-table.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { writeSection } from '../markdown.js';
import { machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { measureCurve } from './measure.js';
import { EPOCHS, lenetCurve, residualCurve, verticalCurve } from './ways.js';
import { curvePicture, curveTable } from './render.js';

/**
 * Accuracy against bytes, the second half of `npm run bench:wire [-- --seeds 3]`: of all ways to train a LeNet, with a picture; of codecs on a residual network; and, with
 * `--adult FILE`, on a table whose columns parties hold. Writes bench/results/wire-*.json and docs/. `--only lenet` measures one of the three.
 */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1' }, adult: { type: 'string' }, only: { type: 'string' } },
});
const seeds = Number(values.seeds);
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), seeds };
const page = new URL('docs/wire.md', root);
const measured =
  `Bytes are those of whole messages both ways, labels and weights included, tests apart. ${seeds === 1 ? 'One seed' : `Medians of ${seeds} seeds`}; ` +
  `${facts.machine}, ${facts.date}.`;
const isWanted = (name: string) => values.only === undefined || values.only === name;

if (isWanted('lenet')) {
  const points = await measureCurve(lenetCurve, await loadMnist(), seeds);
  await writeResult('wire-curve', { ...facts, points });
  await writeFile(new URL('docs/assets/wire-curve.svg', root), curvePicture(points));
  const caption = `Two clients on all of MNIST with the LeNet of \`mnist\`: split over ${EPOCHS.split} epochs at pool2, FedAvg over ${EPOCHS.fedavg}, and smashed data that travel once. ${measured}`;
  const picture = '![Accuracy against megabytes](assets/wire-curve.svg)';
  await writeSection(page, 'bench:wire:curve', `${picture}\n\n${curveTable(points, 'accuracy')}\n\n${caption}`);
}
if (isWanted('residual')) {
  const points = await measureCurve(residualCurve, await loadMnist(), seeds);
  await writeResult('wire-residual', { ...facts, points });
  const caption = `Two clients on all of MNIST with the residual network of \`mnist-residual\`, one epoch. ${measured}`;
  await writeSection(page, 'bench:wire:residual', `${curveTable(points, 'accuracy')}\n\n${caption}`);
}
if (isWanted('vertical') && values.adult !== undefined) {
  const table = await readOwnTable(values.adult, adultTable);
  const { parties } = findTask('adult-vertical');
  const points = await measureCurve(verticalCurve, splitColumns(table, adultTable, parties ?? []), seeds);
  await writeResult('wire-vertical', { ...facts, points });
  const caption = `The table Adult, its columns at three parties and the labels at a fourth (\`adult-vertical\`), five epochs. ${measured}`;
  await writeSection(page, 'bench:wire:vertical', `${curveTable(points, 'area under the curve')}\n\n${caption}`);
}
