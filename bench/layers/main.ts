import { readFile, writeFile } from 'node:fs/promises';
import { version_layers } from '@tensorflow/tfjs';
import { root, writeResult } from '../results.js';
import { layerNets } from './layer-nets.js';
import { withLayerTable, type LayerResults } from './render-layers.js';
import { places, tryLayer, type CutOutcome, type Place } from './try-layer.js';

/**
 * `npm run docs:layers`: every layer of tfjs in a small net, cut before, at and after it, trained cut and whole on both engines. Writes
 * bench/results/layers.json and the table of docs/cutting.md; about a minute. Names after it try those layers alone, and write nothing.
 */
const [, , ...only] = process.argv;
const layers: Record<string, Record<Place, CutOutcome>> = {};
for (const [name, net] of Object.entries(layerNets)) {
  if (typeof net === 'string' || (only.length > 0 && !only.includes(name))) continue;
  const outcomes = [];
  for (const place of places) outcomes.push([place, await tryLayer(net, place)] as const);
  layers[name] = Object.fromEntries(outcomes) as Record<Place, CutOutcome>;
  process.stderr.write(`${name}: ${outcomes.map(([, outcome]) => Object.values(outcome).join(' ')).join(' | ')}\n`);
}
if (only.length === 0) {
  const results: LayerResults = { tfjs: version_layers, layers };
  await writeResult('layers', results);
  const page = new URL('docs/cutting.md', root);
  await writeFile(page, withLayerTable(await readFile(page, 'utf8'), results));
}
