import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSection } from '../markdown.js';
import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { runEveryCommand } from './every-command.js';
import { WatchedCommand } from './watched-command.js';

/**
 * `npm run campaign:quiet`: runs each command in an empty home folder under `strace`, and lists what it wrote besides what its flags name, and
 * whom it turned to besides its own server. Then, as a control, one with the telemetry of ONNX Runtime on. Writes bench/results/campaign-quiet.json
 * and what docs/security.md says of it; fails when anything was seen, a command failed, or the control showed nothing.
 */
const folder = await mkdtemp(join(tmpdir(), 'tandem-quiet-'));
const seen = await runEveryCommand(folder, (name) => process.stderr.write(`${name}\n`));
const loud = [
  'simulate',
  '--task',
  'mnist-mlp',
  '--limit',
  '256',
  '--steps',
  '4',
  '--clients',
  '1',
  '--engine',
  'onnx',
];
const telemetry = { ORT_DISABLE_TELEMETRY: '0' };
const control = await (await WatchedCommand.start(join(folder, 'control'), loud, [], telemetry)).end();

const failed = seen.filter(({ command, exitCode }) => exitCode !== 0 && command !== 'serve');
const found = seen.flatMap(({ command, unnamed, home }) =>
  [...unnamed.map(({ kind, what }) => `${kind} ${what}`), ...home.map((path) => `wrote ~/${path}`)].map(
    (deed) => `${command} ${deed}`,
  ),
);
const date = new Date().toISOString().slice(0, 10);
const commands = new Set(seen.map(({ command }) => command)).size;
const result = {
  date,
  machine: machine(),
  commands,
  processes: seen.length,
  failed: failed.map(({ command, stderr }) => ({ command, stderr })),
  found,
  control: control.unnamed.length + control.home.length,
};
await writeResult('campaign-quiet', result);
await writeSection(
  new URL('docs/security.md', root),
  'campaign:quiet',
  `Of ${commands} commands in ${count(seen.length)} processes ${count(new Set(found.map((deed) => deed.split(' ')[0])).size)} wrote or asked for anything that was not named; ` +
    `with the telemetry of ONNX Runtime on, ${count(result.control)} things were seen. ${result.machine}, ${date}.`,
);
console.log(JSON.stringify(result, null, 2));
if (found.length > 0 || failed.length > 0 || result.control === 0) process.exitCode = 1;
