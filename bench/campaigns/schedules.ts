import { mkdir, writeFile } from 'node:fs/promises';
import { machine } from '../measuring.js';
import { writeSection } from '../markdown.js';
import { playSchedule } from './schedule-world.js';

/**
 * Plays schedules of the reducers and of what keeps their messages in a simulated world of links, crashes and disks, each from its own seed:
 * `npm run campaign:schedules [how many] [seed]`. A failure is played again with the seed that is printed. Writes
 * bench/results/campaign-schedules.json and what docs/reliability.md says of it; ends with 1 if there is any violation.
 */
const [count = '1000000', seed = '1'] = process.argv.slice(2);
const schedules = Number(count);
let [violations, crashes, events, setBack] = [0, 0, 0, 0];
const startedMs = performance.now();
for (let i = 0; i < schedules; i++) {
  const played = playSchedule(`${seed}/${i}`);
  crashes += played.crashes;
  events += played.events;
  setBack += played.setBack;
  if (played.wrong !== undefined) {
    violations++;
    if (violations <= 10) console.error(`schedule ${seed}/${i}: ${played.wrong}`);
  }
  if ((i + 1) % 50_000 === 0)
    process.stderr.write(`${i + 1} schedules, ${crashes} crashes, ${violations} violations\n`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
const date = new Date().toISOString().slice(0, 10);
const result = {
  date,
  machine: machine(),
  node: process.version,
  seed,
  seconds,
  schedules,
  events,
  crashes,
  setBack,
  violations,
};

const root = new URL('../../../', import.meta.url);
await mkdir(new URL('bench/results/', root), { recursive: true });
await writeFile(new URL('bench/results/campaign-schedules.json', root), `${JSON.stringify(result, null, 2)}\n`);
const said = (value: number) => value.toLocaleString('en');
await writeSection(
  new URL('docs/reliability.md', root),
  'campaign:schedules',
  `${said(schedules)} schedules of ${said(events)} events, with ${said(crashes)} crashes, after ${said(setBack)} of which a client went back to the ` +
    `checkpoint before its newest: ${said(violations)} violations (seed ${seed}, ${seconds} s). ${result.machine}, Node ${result.node}, ${date}.`,
);
console.log(JSON.stringify(result));
process.exitCode = violations > 0 ? 1 : 0;
