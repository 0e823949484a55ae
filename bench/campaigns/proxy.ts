import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSection } from '../markdown.js';
import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { proxyRun } from './proxy-run.js';

/**
 * `npm run campaign:proxy [seed]`: three invited clients train through nginx with TLS and a path, one of them at 1 Mbit/s, while the proxy is restarted
 * ten times, answers 502 for 20 seconds, and links are cut at random. Writes bench/results/campaign-proxy.json and what docs/reliability.md says of
 * it; fails when a bit differs.
 */
const [seed = '1'] = process.argv.slice(2);
const trouble = { restarts: 10, cuts: 20, outageSeconds: 20, slowBitsPerSecond: 1e6, everySeconds: 1.5 };
const run = ['--task', 'mnist', '--limit', '6000', '--batch', '16', '--steps', '360', '--round-steps', '60'];
const folder = await mkdtemp(join(tmpdir(), 'tandem-campaign-'));

const found = await proxyRun({ proxy: 'nginx', run, data: 'mnist', ...trouble, seed: Number(seed), folder });
const date = new Date().toISOString().slice(0, 10);
const result = { date, machine: machine(), node: process.version, seed, ...trouble, ...found };
await writeResult('campaign-proxy', result);
await writeSection(
  new URL('docs/reliability.md', root),
  'campaign:proxy',
  `Three invited clients trained ${count(found.steps)} steps of \`mnist\` through nginx with TLS and a path in ${count(found.seconds)} s, one of them at 1 Mbit/s. ` +
    `The proxy was restarted ${found.restarts} times and answered 502 for ${trouble.outageSeconds} s, ${found.cuts} links were cut, and clients opened ${count(found.newConnections)} more connections, those for tickets included. ` +
    `The weights ${found.same ? 'are those' : 'are not those'} of an undisturbed run, bit for bit. Seed ${seed}, ${result.machine}, Node ${result.node}, ${date}.`,
);
console.log(JSON.stringify(result, null, 2));
if (!found.same) process.exitCode = 1;
