import { fileURLToPath } from 'node:url';
import { mnistFolder } from '../../client/node/data/mnist.js';
import { createRng } from '../../shared/rng.js';
import { launchChromium } from '../../simulator/tabs/chromium.js';
import { writeSection } from '../markdown.js';
import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { disturbances, reloadRun, type Disturbance } from './reload-run.js';

/**
 * A page over TLS trains `mnist`; at random moments it is loaded again, closed and opened again, or sent elsewhere and back, ten times a run:
 * `npm run campaign:reloads [times] [seed]`. Compares the weights with those of a page that stays. Writes bench/results/campaign-reloads.json and
 * what docs/reliability.md says of it, unless fewer than 100 times are asked for. Ends with 1 if a single bit differs.
 */
const [wanted = '100', seed = '1'] = process.argv.slice(2);
const ENOUGH = 100;
const TIMES_A_RUN = 10;
const browser = await launchChromium();
const pem = (name: string) => fileURLToPath(new URL(`test/vectors/loopback-${name}.pem`, root));
const tls = { tlsCert: pem('cert'), tlsKey: pem('key') };
const run = { browser, folder: mnistFolder(), steps: 400, batch: 16, ...tls };
const startedMs = performance.now();
const sum: Record<Disturbance, number> = { reload: 0, close: 0, elsewhere: 0 };
let [runs, different] = [0, 0];
try {
  const expected = await reloadRun({ ...run, times: 0, rng: createRng('reloads', seed) });
  for (let total = 0; total < Number(wanted) && runs < Number(wanted);) {
    const rng = createRng('reloads', seed, runs++);
    let said: string;
    try {
      const result = await reloadRun({ ...run, times: Math.min(TIMES_A_RUN, Number(wanted) - total), rng });
      for (const kind of disturbances) sum[kind] += result.done[kind];
      const same = result.weightsHash === expected.weightsHash && result.steps === expected.steps;
      if (!same || result.losses.length > 0) different++;
      said = same ? 'the same' : `DIFFERS: ${result.steps} steps, ${result.weightsHash}`;
      said = `${JSON.stringify(result.done)}: ${[said, ...result.losses].join(', ')}`;
    } catch (error) {
      different++;
      said = `FAILED: ${String(error)}`;
    }
    total = Object.values(sum).reduce((a, b) => a + b, 0);
    process.stderr.write(`run ${runs}, ${total} times (seed ${seed}): ${said}\n`);
  }
} finally {
  await browser.close();
}
const times = Object.values(sum).reduce((a, b) => a + b, 0);
const seconds = Math.round((performance.now() - startedMs) / 1000);
const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version, seed, seconds };
const result = { ...facts, runs, times, ...sum, runsThatDiffer: different };
if (times >= ENOUGH) {
  await writeResult('campaign-reloads', result);
  const said =
    `A page over TLS was loaded again ${count(sum.reload)} times, closed and opened again ${count(sum.close)} times, and sent elsewhere and back ` +
    `${count(sum.elsewhere)} times, at random moments of ${count(runs)} runs of ${run.steps} steps: ${count(different)} runs differ in a bit from that of a page that stays ` +
    `(seed ${seed}, ${count(seconds)} s). ${facts.machine}, Node ${facts.node}, ${facts.date}.`;
  await writeSection(new URL('docs/reliability.md', root), 'campaign:reloads', said);
}
console.log(JSON.stringify(result));
process.exitCode = different > 0 || times < Number(wanted) ? 1 : 0;
