/** `npm run docs:metrics`: runs every combination with labels of every kind, and writes the tables of docs/metrics.md. */
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { root, writeResult } from '../results.js';
import { combinations, measure } from './measure.js';
import { renderMetrics, type MetricMatrix } from './render.js';
import { columns } from './tasks.js';

const ROWS = 400;
const engine = await chooseEngine('tfjs');
const runs: MetricMatrix['runs'][number][] = [];
for (const combination of combinations()) {
  for (const column of columns) {
    const metrics = await measure(column, combination, engine, ROWS);
    runs.push({ ...combination, labels: column.title, metrics });
  }
  process.stderr.write(`${combination.topology}, ${combination.schedule}\n`);
}
const matrix = { rows: ROWS, runs };
await renderMetrics(matrix, new URL('docs/', root));
await writeResult('metrics', matrix);
