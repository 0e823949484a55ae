import { AligningParty } from '../client/alignment/aligning-party.js';
import { connect } from '../client/node/join.js';
import { javascriptBlinder } from '../shared/alignment/blinder.js';
import { Link } from '../shared/protocol/link.js';
import { createRng } from '../shared/rng.js';

/**
 * One party of `bench/alignment.ts`, as a process of its own: `URL PARTY IDS MISSING native|javascript`. Has all ids but
 * the share it lacks, in an order of its own; prints what it took and its first common rows.
 */
const [url = '', party = '0', count = '0', missing = '0', kind = 'native'] = process.argv.slice(2);
const rng = createRng('table', Number(party));
const kept = Array.from(rng.permutation(Number(count)), (i) => `customer-${i}`).filter(
  () => rng.float() >= Number(missing),
);
const blinder = kind === 'javascript' ? javascriptBlinder(crypto.getRandomValues(new Uint8Array(32))) : undefined;
const aligning = await AligningParty.open({ ids: kept, ...(blinder ? { blinder } : {}) });
const link = new Link(await connect(url));
let computingMs = 0;
for await (const message of link.messages()) {
  const start = performance.now();
  const reply = await aligning.answer(message);
  computingMs += performance.now() - start;
  link.send(reply);
  if (aligning.rows) break;
}
const bytes = link.meter.counts.total;
const sample = Array.from((aligning.rows ?? []).slice(0, 5), (row) => kept[row]);
const cpu = process.cpuUsage();
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
console.log(JSON.stringify({ ids: kept.length, rows: aligning.rows?.length, sample, computingMs, cpuSeconds, bytes }));
link.close();
