import * as tf from '@tensorflow/tfjs';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import { defineTask } from '../shared/task.js';
import { smallData, smallTask } from './campaigns/small-run.js';
import { slowed, stepMs } from './lanes-run.js';
import { MadeUpTime } from './made-up-time.js';
import { markdownTable, writeSection } from './markdown.js';
import { root, writeResult } from './results.js';

/**
 * What lanes that work side by side are worth: `npm run bench:lanes`. Lanes that wait, and lanes whose clients have the top and are far away, in time
 * that is made up. Writes bench/results/lanes.json and the table in docs/topologies.md.
 */
const tfjs = await chooseEngine('tfjs');

/** A top at the client, too. */
const threeParts = defineTask({ ...smallTask, cut: 'hidden,middle', model: smallModel });

function smallModel(): tf.LayersModel {
  const dense = (name: string, units: number, more = {}) => tf.layers.dense({ name, units, ...more });
  return tf.sequential({
    layers: [dense('hidden', 6, { inputShape: [5] }), dense('middle', 6), dense('logits', 3)],
  });
}

const small = { task: smallTask, data: smallData(), clientEngine: tfjs, clients: 8, warmUp: 16, seed: 1, batch: 3 };

/** In made-up time, 10 ms in each lane's forward pass: one lane for all, and one each. */
async function waiting() {
  const run = { ...small, epochs: Infinity, steps: 8 * 8, roundSteps: 8 };
  const time = new MadeUpTime();
  const [one, each] = [slowed(tfjs, time, 10), slowed(tfjs, time, 10)];
  const oneMs = await stepMs({ ...run, time, schedule: 'splitfed-v2', laneEngine: one.engine });
  const eachMs = await stepMs({ ...run, time, schedule: 'splitfed-v1', laneEngine: each.engine });
  return { oneMs, eachMs, atWork: each.mostAtWork() };
}

/** In made-up time, 20 ms from a client to its lane: a step of a u-shaped run has two such ways, one of a vanilla run has one. */
async function faraway() {
  const sized = { epochs: Infinity, steps: 8 * 8, roundSteps: 8, schedule: 'splitfed-v1' };
  const link = { time: new MadeUpTime(), uplinkMs: 20 };
  const run = { ...small, task: threeParts, laneEngine: tfjs, ...sized, ...link };
  const vanillaMs = await stepMs({ ...run, topology: 'vanilla' });
  const uShapedMs = await stepMs({ ...run, topology: 'u-shaped' });
  return { vanillaMs, uShapedMs };
}

const result = {
  date: new Date().toISOString().slice(0, 10),
  waiting: await waiting(),
  faraway: await faraway(),
};
const { waiting: w, faraway: f } = result;
const row = (name: string, before: number, after: number, ratio: number) => [
  name,
  `${before.toFixed(1)} ms`,
  `${after.toFixed(1)} ms`,
  ratio.toFixed(2),
];
const table = markdownTable([
  ['a step of any client after', 'the one', 'the other', 'ratio'],
  row('8 clients, 10 ms in each forward pass: one lane; a lane each', w.oneMs, w.eachMs, w.oneMs / w.eachMs),
  row('8 lanes, 20 ms of uplink: vanilla; u-shaped', f.vanillaMs, f.uShapedMs, f.uShapedMs / f.vanillaMs),
]);
await writeResult('lanes', result);
await writeSection(
  new URL('docs/topologies.md', root),
  'bench:lanes',
  `${table}\n\nIn the first row ${w.atWork} lanes were at work at once at most. In made-up time, in which computing takes none and a busy machine does not show. ${result.date}.`,
);
console.log(JSON.stringify(result, null, 2));
process.exit(0);
