import { chooseEngine } from '../../../shared/engine/choose-engine.js';
import { knock } from './door.js';
import { MOST_PAUSE_MS, playWithLiars, playWithLyingServer, type Played } from './play.js';

/**
 * `npm run campaign:liars [runs] [seed] [seconds] [one seed]`: runs in which clients that speak valid protocol claim, send and do what a seed says, beside honest ones. Prints each
 * seed with which something did not hold, and fails then.
 */
const [runs = '200', seed = '1', seconds = 'Infinity', only] = process.argv.slice(2);
/** One run in so many is one with strangers at the door, which takes the time of this machine. */
const DOOR_EVERY = 25;
const SERVER_EVERY = 4;
const engine = await chooseEngine('tfjs');
const startedMs = Date.now();
let [violated, played, longestMs] = [0, 0, 0];
while (played < Number(runs) && Date.now() - startedMs < 1000 * Number(seconds)) {
  const name = only ?? `${seed}-${played}`;
  played++;
  if (process.env.TANDEM_SHOW) process.stderr.write(`${name}\n`);
  const { scene, wrong, pauseMs } = await play(name);
  if (process.env.TANDEM_SHOW) process.stderr.write(`${scene}\n`);
  longestMs = Math.max(longestMs, pauseMs);
  const all = pauseMs > MOST_PAUSE_MS ? [...wrong, `did not answer for ${pauseMs} ms`] : wrong;
  for (const what of new Set(all)) console.log(`seed ${name}: ${scene}: ${what}`);
  if (all.length > 0) violated++;
}
function play(name: string): Promise<Pick<Played, 'scene' | 'wrong' | 'pauseMs'>> {
  if (played % DOOR_EVERY === 0) return knockOn(name);
  return played % SERVER_EVERY === 0 || process.env.TANDEM_LYING === 'server'
    ? playWithLyingServer(name, engine)
    : playWithLiars(name, engine);
}

async function knockOn(name: string): Promise<Pick<Played, 'scene' | 'wrong' | 'pauseMs'>> {
  return { scene: 'at the door', wrong: await knock(name, engine), pauseMs: 0 };
}

const took = (Date.now() - startedMs) / 1000;
console.log(JSON.stringify({ runs: played, seed, violated, longestMs, seconds: Math.round(took) }));
if (violated > 0) process.exitCode = 1;
// Engines hold the process open.
process.exit();
