import { readFile } from 'node:fs/promises';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { decodeMessage } from '../../shared/protocol/message-codec.js';
import { writeSection } from '../markdown.js';
import { count, machine } from '../measuring.js';
import { root, writeResult } from '../results.js';
import { fuzzServer, type FuzzOptions } from './fuzz-server.js';
import { smallData, smallTask } from './small-run.js';

/**
 * `npm run campaign:frames [frames] [seed]`: hostile frames into the reader, into sessions in all their states, and one in
 * twenty into a live run. Then, as a control, the same with a reader that trusts lengths. Writes
 * bench/results/campaign-frames.json and what docs/security.md says of it; fails on any error, over 50 MB, or when the control noticed nothing.
 */
const [frames = '10000000', seed = '1'] = process.argv.slice(2);
const MAX_MEGABYTES = 50;
const golden = JSON.parse(await readFile(new URL('test/vectors/frames.json', root), 'utf8')) as { hex: string }[];
const originals = golden.map(({ hex }) => Uint8Array.from(Buffer.from(hex, 'hex')));
const engine = await chooseEngine('tfjs');
const run = { seed: 5 };
const common = { seed, originals, task: smallTask, data: smallData(), engine, run, liveEvery: 20 };

const startedMs = performance.now();
let nextLine = 0;
const onProgress: FuzzOptions['onProgress'] = (done) => {
  if (done < nextLine) return;
  nextLine = done + Number(frames) / 20;
  process.stderr.write(`${done} frames, ${Math.round((performance.now() - startedMs) / 1000)} s\n`);
};
const campaign = await fuzzServer({ ...common, frames: Number(frames), onProgress });
const seconds = Math.round((performance.now() - startedMs) / 1000);
const control = await fuzzServer({
  ...common,
  frames: 20_000,
  liveEvery: 1_000_000,
  // Reads tensors before it has compared lengths.
  decode: (bytes) => {
    if (bytes.length > 12) new Float32Array(bytes.slice().buffer, 12, bytes[6]);
    return decodeMessage(bytes);
  },
});

const date = new Date().toISOString().slice(0, 10);
const result = { date, machine: machine(), seed, seconds, ...campaign, control: { errors: control.errors.length } };
await writeResult('campaign-frames', result);
const { errors, memoryRiseMegabytes, sameWeights } = campaign;
await writeSection(
  new URL('docs/security.md', root),
  'campaign:frames',
  `Of ${count(campaign.frames)} hostile frames ${count(errors.length)} raised an error that is not documented, memory rose by ${memoryRiseMegabytes} MB (the aim is ` +
    `${MAX_MEGABYTES}), and the run beside them ended with ${sameWeights ? 'the very weights of' : 'OTHER weights than'} one that nobody disturbed. ${result.machine}, ${date}.`,
);
console.log(JSON.stringify(result, null, 2));
const held = errors.length === 0 && memoryRiseMegabytes <= MAX_MEGABYTES && sameWeights && control.errors.length > 0;
if (!held) process.exitCode = 1;
