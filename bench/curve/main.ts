import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { writeSection } from '../markdown.js';
import { machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { measureCurve } from './measure.js';
import { EPOCHS } from './ways.js';
import { curvePicture, curveTable } from './render.js';

/** Accuracy against bytes, of all ways to train: the second half of `npm run bench:wire [-- --seeds 3]`. Writes bench/results/wire-curve.json, a table and a picture in docs/. */
const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1' } } });
const seeds = Number(values.seeds);
const points = await measureCurve(seeds);
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), seeds };
await writeResult('wire-curve', { ...facts, points });
await writeFile(new URL('docs/assets/wire-curve.svg', root), curvePicture(points));
const caption =
  `Two clients on all of MNIST with the LeNet of \`mnist\`: split over ${EPOCHS.split} epochs at pool2, FedAvg over ${EPOCHS.fedavg}, and smashed data that travel once. Bytes are those of whole messages both ways, ` +
  `labels and weights included. ${seeds === 1 ? 'One seed' : `Medians of ${seeds} seeds`}; ${facts.machine}, ${facts.date}.`;
const picture = '![Accuracy against megabytes](assets/wire-curve.svg)';
await writeSection(
  new URL('docs/wire.md', root),
  'bench:wire:curve',
  `${picture}\n\n${curveTable(points)}\n\n${caption}`,
);
