import { readFile } from 'node:fs/promises';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { writeSection } from '../markdown.js';
import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { trainHostilely } from './hostile-trainer.js';
import { smallData, smallTask } from './small-run.js';

/**
 * `npm run campaign:trainers [runs] [seed]`: clients that turn hostile in the middle of their training, each in a lane of its own beside an
 * honest client's. Then, as a control, in a lane that both share. Writes bench/results/campaign-trainers.json and what docs/security.md says of it; fails when a bit of
 * the honest client's lane changed, or when the control noticed nothing.
 */
const [runs = '300', seed = '1'] = process.argv.slice(2);
const golden = JSON.parse(await readFile(new URL('test/vectors/frames.json', root), 'utf8')) as { hex: string }[];
const originals = golden.map(({ hex }) => Uint8Array.from(Buffer.from(hex, 'hex')));
const common = { seed, originals, task: smallTask, data: smallData(), engine: await chooseEngine('tfjs') };

const campaign = await trainHostilely({ ...common, runs: Number(runs) });
const control = await trainHostilely({ ...common, runs: 20, schedule: 'splitfed-v2' });
const date = new Date().toISOString().slice(0, 10);
const result = {
  date,
  machine: machine(),
  seed,
  ...campaign,
  control: { runs: control.runs, changed: control.changed },
};
await writeResult('campaign-trainers', result);
await writeSection(
  new URL('docs/security.md', root),
  'campaign:trainers',
  `Of ${count(campaign.runs)} clients that turned hostile in the middle of their training ${count(campaign.changed)} changed a bit of another's lane. ${result.machine}, ${date}.`,
);
console.log(JSON.stringify(result, null, 2));
if (campaign.changed > 0 || control.changed === 0) process.exitCode = 1;
