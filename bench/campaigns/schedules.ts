/**
 * Plays schedules of the reducers in a simulated world of links, crashes and disks, each from its own seed:
 * `npm run campaign:schedules [how many] [seed]`. A failure is played again with the seed that is printed. Ends with 1 if there is any.
 */
import { playSchedule } from './schedule-world.js';

const [count = '1000000', seed = '1'] = process.argv.slice(2);
let [violations, crashes] = [0, 0];
const startedMs = performance.now();
for (let i = 0; i < Number(count); i++) {
  const played = playSchedule(`${seed}/${i}`);
  crashes += played.crashes;
  if (played.wrong !== undefined) {
    violations++;
    if (violations <= 10) console.error(`schedule ${seed}/${i}: ${played.wrong}`);
  }
  if ((i + 1) % 50_000 === 0)
    process.stderr.write(`${i + 1} schedules, ${crashes} crashes, ${violations} violations\n`);
}
const seconds = (performance.now() - startedMs) / 1000;
console.log(JSON.stringify({ schedules: Number(count), crashes, violations, seed, seconds }));
process.exitCode = violations > 0 ? 1 : 0;
