import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { reduceMatching } from '../server/alignment/matching-reducer.js';
import { initialMatching, type MatchingInput } from '../server/alignment/matching-state.js';
import { listen } from '../server/listen.js';
import { pointsPerMessage } from '../shared/alignment/limits.js';
import { Link } from '../shared/protocol/link.js';
import { markdownTable, writeSection } from './markdown.js';
import { machine } from './measuring.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:alignment [ids]`: parties that each lack one id in twenty align their rows over WebSockets, every party and the
 * server in a process of its own. Writes bench/results/alignment.json and the table in docs/alignment.md.
 */
const ids = Number(process.argv[2] ?? 48_842);
const MISSING = 0.05;
const MAX_MESSAGE_BYTES = 1024 * 1024;

interface PartyReport {
  readonly ids: number;
  readonly rows: number;
  readonly sample: readonly string[];
  readonly computingMs: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
}

/** Runs one alignment; the seconds are from the moment all parties are connected to the last digest. */
async function measure(parties: number, kind: string, count: number) {
  const links: Link[] = [];
  let connected: (() => void) | undefined;
  const all = new Promise<void>((resolve) => (connected = resolve));
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    onTransport: (transport) => {
      links.push(new Link(transport));
      if (links.length === parties) connected?.();
    },
  });
  const program = fileURLToPath(new URL('alignment-party.js', import.meta.url));
  const running = Array.from({ length: parties }, (_, party) =>
    promisify(execFile)(process.execPath, [program, listener.url, `${party}`, `${count}`, `${MISSING}`, kind]),
  );
  await all;
  const start = performance.now();
  let state = initialMatching({
    parties,
    samples: 'train',
    salt: 'bench',
    points: pointsPerMessage(MAX_MESSAGE_BYTES),
  });
  let serverMs = 0;
  const dispatch = (input: MatchingInput) => {
    const began = performance.now();
    const [next, effects] = reduceMatching(state, input);
    serverMs += performance.now() - began;
    state = next;
    for (const effect of effects) {
      if (effect.kind === 'send') links[effect.party]?.send(effect.message);
      if (effect.kind === 'failed') throw effect.error;
    }
  };
  dispatch({ kind: 'begin' });
  await Promise.all(
    links.map(async (link, party) => {
      for await (const message of link.messages()) dispatch({ kind: 'received', party, message });
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const reports = (await Promise.all(running)).map(({ stdout }) => JSON.parse(stdout) as PartyReport);
  await listener.close();
  const [first] = reports;
  if (!first || reports.some(({ rows, sample }) => rows !== first.rows || String(sample) !== String(first.sample))) {
    throw new Error('the parties disagree');
  }
  return { parties, ids: count, kind, rows: first.rows, seconds, serverSeconds: serverMs / 1000, reports };
}

const [busy = 0] = loadavg();
const results = [];
for (const [parties, kind, count] of [
  [2, 'native', ids],
  [4, 'native', ids],
  [2, 'javascript', Math.floor(ids / 20)],
] as const) {
  const result = await measure(parties, kind, count);
  results.push(result);
  process.stderr.write(`${parties} parties, ${kind}, ${count} ids: ${result.seconds.toFixed(1)} s\n`);
}

const facts = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  loadBefore: Number(busy.toFixed(1)),
  missing: MISSING,
};
await writeResult('alignment', { ...facts, results });
const most = (values: readonly number[]) => Math.max(...values);
const table = markdownTable([
  ['X25519', 'parties', 'ids', 'common', 'seconds', 'CPU seconds a party', 'MB a party', 'CPU seconds of the server'],
  ...results.map(({ kind, parties, ids: all, rows, seconds, serverSeconds, reports }) => [
    kind,
    `${parties}`,
    `${all}`,
    `${rows}`,
    seconds.toFixed(1),
    most(reports.map(({ cpuSeconds }) => cpuSeconds)).toFixed(1),
    (most(reports.map(({ bytes }) => bytes)) / 1e6).toFixed(2),
    serverSeconds.toFixed(1),
  ]),
]);
const caption =
  `${facts.machine}, shared by all parties, the server, and other work (load ${facts.loadBefore} before): seconds are what it took there, ` +
  `CPU seconds what it costs. Each party lacks ${100 * MISSING} % of the ids; bytes are both ways. ` +
  '`npm run bench:alignment` measures and writes this table and `bench/results/alignment.json`.';
await writeSection(new URL('docs/alignment.md', root), 'bench:alignment', `${table}\n\n${caption}`);
console.log(table);
