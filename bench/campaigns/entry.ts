import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { writeSection } from '../markdown.js';
import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { enterWrongly } from './wrong-entries.js';

/**
 * `npm run campaign:entry [attempts] [seed]`: tries to come into a server in every wrong way and searches its logs for
 * secrets. Then, as a control, the same with a server that forgets which tickets were used. Writes
 * bench/results/campaign-entry.json and what docs/security.md says of it; fails when one came in, a secret was found, or the control noticed nothing.
 */
const [attempts = '100000', seed = '1'] = process.argv.slice(2);
const engine = await chooseEngine('tfjs');
const task = findTask('mnist-mlp');
const folder = await mkdtemp(join(tmpdir(), 'tandem-campaign-'));
const started = performance.now();

const campaign = await enterWrongly({ attempts: Number(attempts), seed, folder: join(folder, 'server'), task, engine });
const control = await enterWrongly({
  attempts: 200,
  seed,
  folder: join(folder, 'control'),
  task,
  engine,
  spentTickets: { spend: () => true },
});

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, count) => all + count, 0);
const accepted = sum(campaign.accepted);
const seconds = Math.round((performance.now() - started) / 1000);
const date = new Date().toISOString().slice(0, 10);
const facts = { date, machine: machine(), seed, seconds, wrong: sum(campaign.attempts), acceptedWrong: accepted };
const result = { ...facts, ...campaign, control: { wrong: sum(control.attempts), accepted: control.accepted } };
await writeResult('campaign-entry', result);
await writeSection(
  new URL('docs/security.md', root),
  'campaign:entry',
  `Of ${count(result.wrong)} wrong entries ${count(accepted)} came in, of ${count(campaign.honest.attempts)} right ones beside them ${count(campaign.honest.accepted)} did, and ` +
    `${Math.round(campaign.logBytes / 1e6)} MB of logs held ${campaign.leaks.length} secrets. ${result.machine}, ${date}.`,
);
console.log(JSON.stringify(result, null, 2));
if (accepted > 0 || campaign.leaks.length > 0 || sum(control.accepted) === 0) process.exitCode = 1;
