/** `npm run campaign:train-kills [KILLS] [SEED]`: kills `tandem train` at random moments, goes on, and compares the weights. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '../../shared/rng.js';
import { writeResult } from '../results.js';
import { TandemProcess } from './tandem-process.js';

const [kills = 20, seed = 1] = process.argv.slice(2).map(Number);
/** Of four, so many come after the first checkpoint. */
const [OF, LATE] = [4, 3];
const ROWS = 3000;
const folder = await mkdtemp(join(tmpdir(), 'tandem-kills-'));
const rng = createRng('kills of train', seed);

interface Killed {
  /** Seconds from the start of the command. */
  readonly afterSeconds: number;
  readonly hadCheckpoint: boolean;
  /** Seconds of training that are done again; null without a checkpoint. */
  readonly lostSeconds: number | null;
  readonly sameWeights: boolean;
}

const table = join(folder, 'people.csv');
await writeFile(table, people());
const args = ['train', table, '--clients', '2', '--epochs', '20', '--json'];
const startedMs = performance.now();
const whole = new TandemProcess([...args, '--save', join(folder, 'whole')]);
await firstCheckpoint(join(folder, 'whole'), whole);
const firstSeconds = (performance.now() - startedMs) / 1000;
await whole.result();
const wholeSeconds = (performance.now() - startedMs) / 1000;
const expected = await readFile(join(folder, 'whole', 'weights.bin'));
const killed: Killed[] = [];
while (killed.length < kills) {
  const isLate = killed.length % OF < LATE;
  const one = await killOnce(isLate);
  if (one) killed.push(one);
}
const different = killed.filter(({ sameWeights }) => !sameWeights).length;
const late = killed.filter(({ hadCheckpoint }) => hadCheckpoint);
const mostLost = late.reduce((most, { lostSeconds }) => Math.max(most, lostSeconds ?? 0), 0);
await writeResult('campaign-train-kills', {
  seed,
  firstSeconds,
  wholeSeconds,
  afterFirstCheckpoint: late.length,
  mostLost,
  killed,
});
process.stdout.write(
  `${killed.length} kills, ${late.length} after the first checkpoint: ${different} with other weights; at most ${mostLost.toFixed(1)} s done again\n`,
);
await rm(folder, { recursive: true });
if (different > 0) process.exitCode = 1;

/** Kills a run and goes on with it; undefined where it was over before. */
async function killOnce(isLate: boolean): Promise<Killed | undefined> {
  const save = join(folder, `killed-${killed.length}`);
  const beganMs = performance.now();
  const run = new TandemProcess([...args, '--save', save]);
  if (isLate) await firstCheckpoint(save, run);
  // Late ones within what remains, early ones within what comes before the first checkpoint.
  await pause(1000 * rng.float() * (isLate ? wholeSeconds - firstSeconds : firstSeconds));
  run.kill();
  const { by } = await run.ended;
  const afterSeconds = (performance.now() - beganMs) / 1000;
  const lastMs = await lastCheckpointMs(save);
  const lostSeconds = lastMs === undefined ? null : (Date.now() - lastMs) / 1000;
  if (by !== 'SIGKILL' || !(await hasRun(save))) {
    await rm(save, { recursive: true, force: true });
    return undefined;
  }
  await new TandemProcess(['train', '--resume', save, '--json']).result();
  const sameWeights = (await readFile(join(save, 'weights.bin'))).equals(expected);
  await rm(save, { recursive: true });
  process.stderr.write(
    `killed after ${afterSeconds.toFixed(1)} s: ${sameWeights ? 'the same weights' : 'OTHER WEIGHTS'}\n`,
  );
  return { afterSeconds, hadCheckpoint: lastMs !== undefined, lostSeconds, sameWeights };
}

async function firstCheckpoint(save: string, run: TandemProcess): Promise<void> {
  let isOver = false;
  void run.ended.then(() => (isOver = true));
  while (!isOver && (await lastCheckpointMs(save)) === undefined) await pause(20);
}

/** When the newest file of the run's state was written; undefined before the first. */
async function lastCheckpointMs(save: string): Promise<number | undefined> {
  const state = join(save, 'state');
  const names = await readdir(state, { recursive: true }).catch(() => []);
  const times = await Promise.all(
    names.filter((name) => name.endsWith('.tndc')).map(async (name) => (await stat(join(state, name))).mtimeMs),
  );
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b));
}

function hasRun(save: string): Promise<boolean> {
  return stat(join(save, 'run.json')).then(
    () => true,
    // It was killed before anything was there to go on with.
    () => false,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Numbers and words, with gaps. */
function people(): string {
  const draw = createRng('people', seed);
  const lines = ['age,work,hours,income'];
  for (let row = 0; row < ROWS; row++) {
    const [age, hours] = [18 + draw.int(60), 5 + draw.int(60)];
    const work = ['clerk', 'nurse', 'owner', ''][draw.int(4)] ?? '';
    const isHigh = age + hours + (work === 'owner' ? 30 : 0) + 20 * draw.normal() > 85;
    lines.push(`${age},${work},${hours},${isHigh ? 'high' : 'low'}`);
  }
  return `${lines.join('\n')}\n`;
}
