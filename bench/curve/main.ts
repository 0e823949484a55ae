import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { loadMnist } from '../../client/node/data/mnist.js';
import { readOwnTable } from '../../client/node/own/large-table.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { splitColumns } from '../../shared/data/party-data.js';
import { adultTable } from '../../shared/tasks/adult-table.js';
import { adultVertical } from '../../shared/tasks/adult-vertical.js';
import { writeSection } from '../markdown.js';
import { machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { measureCurve } from './measure.js';
import { EPOCHS, type Comparison, lenetCurve, residualCurve, verticalCurve } from './ways.js';
import { curvePicture, curveTable } from './render.js';

/**
 * Accuracy against bytes, the second half of `npm run bench:wire [-- --seeds 3]`: of all ways to train a LeNet, with a picture; of codecs on a residual network; and, with
 * `--adult FILE`, on a table whose columns parties hold. Writes bench/results/wire-*.json and docs/. `--only curve` measures one of the three.
 */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1' }, adult: { type: 'string' }, only: { type: 'string' } },
});
const page = new URL('docs/wire.md', root);
const isWanted = (name: string) => values.only === undefined || values.only === name;

/** Measures, and writes what is known after each seed. */
async function write(
  name: string,
  comparison: Comparison,
  data: ClientData,
  column: string,
  says: string,
  picture?: string,
): Promise<void> {
  let seeds = 0;
  for await (const points of measureCurve(comparison, data, Number(values.seeds))) {
    const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), seeds: ++seeds };
    await writeResult(`wire-${name}`, { ...facts, points });
    if (picture !== undefined) await writeFile(new URL(`docs/${picture}`, root), curvePicture(points));
    const image = picture === undefined ? '' : `![Accuracy against megabytes](${picture})\n\n`;
    const caption =
      `${says} Bytes are those of whole messages both ways, labels and weights included, tests apart. ` +
      `${seeds === 1 ? 'One seed' : `Medians of ${seeds} seeds`}; ${facts.machine}, ${facts.date}.`;
    await writeSection(page, `bench:wire:${name}`, `${image}${curveTable(points, column)}\n\n${caption}`);
  }
}

if (isWanted('curve')) {
  const says = `Two clients on all of MNIST with the LeNet of \`mnist\`: split over ${EPOCHS.split} epochs at pool2, FedAvg over ${EPOCHS.fedavg}, and smashed data that travel once.`;
  await write('curve', lenetCurve, await loadMnist(), 'accuracy', says, 'assets/wire-curve.svg');
}
if (isWanted('residual')) {
  const says = 'Two clients on all of MNIST with the residual network of `mnist-residual`, one epoch.';
  await write('residual', residualCurve, await loadMnist(), 'accuracy', says);
}
if (isWanted('vertical') && values.adult !== undefined) {
  const data = splitColumns(await readOwnTable(values.adult, adultTable), adultTable, adultVertical.parties ?? []);
  const says =
    'The table Adult, its columns at three parties and the labels at a fourth (`adult-vertical`), five epochs.';
  await write('vertical', verticalCurve, data, 'area under the curve', says);
}
