import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { runWithLiars } from './liar-run.js';

/**
 * `npm run campaign:liars [runs] [seed]`: runs in which clients that speak valid protocol claim, send and do what a seed says, beside honest ones. Prints each seed with
 * which something did not hold, and fails then.
 */
const [runs = '200', seed = '1'] = process.argv.slice(2);
const engine = await chooseEngine('tfjs');
let violated = 0;
for (let run = 0; run < Number(runs); run++) {
  const wrong = await runWithLiars(`${seed}-${run}`, engine);
  for (const what of wrong) console.log(`seed ${seed}-${run}: ${what}`);
  if (wrong.length > 0) violated++;
}
console.log(JSON.stringify({ runs: Number(runs), seed, violated }));
if (violated > 0) process.exitCode = 1;
// Engines hold the process open.
process.exit();
