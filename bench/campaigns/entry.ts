import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { machine } from '../measuring.js';
import { enterWrongly } from './wrong-entries.js';

/**
 * `npm run campaign:entry [attempts] [seed]`: tries to come into a server in every wrong way and searches its logs for
 * secrets. Then, as a control, the same with a server that forgets which tickets were used. Writes
 * bench/results/campaign-entry.json; fails when one came in, a secret was found, or the control noticed nothing.
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
const results = new URL('../../../bench/results/', import.meta.url);
await mkdir(results, { recursive: true });
await writeFile(new URL('campaign-entry.json', results), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));
if (accepted > 0 || campaign.leaks.length > 0 || sum(control.accepted) === 0) process.exitCode = 1;
