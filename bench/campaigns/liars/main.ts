import { chooseEngine } from '../../../shared/engine/choose-engine.js';
import { aboutOf, playSeed } from './play-seed.js';
import { watchRuns } from './standing-run.js';

/**
 * `npm run campaign:liars [runs] [seed] [seconds] [one seed]`: runs in which clients that speak valid protocol, or servers, claim, send and do what a seed says, beside honest ones.
 * Prints each seed with which something did not hold, or that does not come back, and fails then. TANDEM_ABOUT, an expression, leaves out seeds about anything else.
 */
const [runs = '200', seed = '1', seconds = 'Infinity', only] = process.argv.slice(2);
const about = new RegExp(process.env.TANDEM_ABOUT ?? '');
const isShown = process.env.TANDEM_SHOW !== undefined;
const engine = await chooseEngine('tfjs');
const startedMs = Date.now();
const tryNext = watchRuns(seed);
let [violated, played, longestMs] = [0, 0, 0];
for (let number = 0; played < Number(runs) && Date.now() - startedMs < 1000 * Number(seconds); number++) {
  const name = only ?? `${seed}-${number}`;
  if (only === undefined && !about.test(aboutOf(name))) continue;
  played++;
  tryNext(number);
  if (isShown) process.stderr.write(`${name}\n`);
  const { scene, wrong, pauseMs } = await playSeed(name, engine);
  if (isShown) process.stderr.write(`${scene}\n`);
  longestMs = Math.max(longestMs, pauseMs);
  for (const what of new Set(wrong)) console.log(`seed ${name}: ${scene}: ${what}`);
  if (wrong.length > 0) violated++;
  if (only !== undefined) break;
}
const took = (Date.now() - startedMs) / 1000;
console.log(JSON.stringify({ runs: played, seed, violated, longestMs, seconds: Math.round(took) }));
if (violated > 0) process.exitCode = 1;
// Engines hold the process open.
process.exit();
