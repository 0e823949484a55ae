import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { writeSection } from '../markdown.js';
import { playSchedule } from './schedule-world.js';

/**
 * Plays schedules of the reducers and of what keeps their messages in a simulated world of links, crashes and disks, each from its own seed:
 * `npm run campaign:schedules [how many] [seed]`. A failure is played again with the seed that is printed. Writes
 * bench/results/campaign-schedules.json and what docs/reliability.md says of it; ends with 1 if there is any violation.
 */
const [wanted = '1000000', seed = '1'] = process.argv.slice(2);
const schedules = Number(wanted);
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

await writeResult('campaign-schedules', result);
await writeSection(
  new URL('docs/reliability.md', root),
  'campaign:schedules',
  `${count(schedules)} schedules of ${count(events)} events, with ${count(crashes)} crashes, after ${count(setBack)} of which a client went back to the ` +
    `checkpoint before its newest: ${count(violations)} violations (seed ${seed}, ${seconds} s). ${result.machine}, Node ${result.node}, ${date}.`,
);
console.log(JSON.stringify(result));
process.exitCode = violations > 0 ? 1 : 0;
