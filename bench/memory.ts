import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { markdownTable, writeSection } from './markdown.js';
import { machine } from './measuring.js';
import type { Segment, SegmentBatch } from '../shared/engine/engine.js';
import { createOnnxEngine } from '../shared/engine/onnx/onnx-engine.js';
import { benchNets } from './engine-nets.js';
import { batchesFor, segmentOf } from './engine-workload.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:memory [steps]`: resident memory after warm-up and after many steps of the MLP, in the main thread and in
 * a thread of its own, each in a fresh process, and what the way to the thread costs. Prints JSON and writes it to
 * bench/results/memory.json.
 */
const WARM_UP_STEPS = 1000;
const READINGS = 10;

interface Reading {
  readonly step: number;
  /** Resident memory in MB, after a collection. */
  readonly mb: number;
}

export interface MemoryRun {
  readonly where: string;
  readonly readings: readonly Reading[];
  /** What is added from the end of warm-up to the last step. */
  readonly grownMb: number;
  readonly msPerStep: number;
  /** A call that computes nothing and moves little: forward and backward cost as much more than their work. */
  readonly msPerEmptyCall: number;
}

async function measure(where: string, steps: number): Promise<MemoryRun> {
  const engine = await createOnnxEngine({ runtime: 'native', workers: where === 'thread' ? 'always' : 'never' });
  const net = benchNets.find(({ name }) => name === 'mlp');
  if (!net) throw new Error('there is no MLP among the networks');
  const segment = await segmentOf(engine, net);
  const batches = batchesFor(net);
  let step = 0;
  const trainTo = async (end: number) => {
    for (; step < end; step++) await trainOnce(segment, batches[step % batches.length] as SegmentBatch, step);
  };
  await trainTo(WARM_UP_STEPS);
  const readings = [read(step)];
  let ms = 0;
  for (let part = 1; part <= READINGS; part++) {
    const began = performance.now();
    await trainTo(WARM_UP_STEPS + Math.round((steps * part) / READINGS));
    ms += performance.now() - began;
    readings.push(read(step));
  }
  const msPerEmptyCall = await emptyCall(segment);
  segment.dispose();
  const grownMb = round((readings.at(-1)?.mb ?? 0) - (readings[0]?.mb ?? 0), 1);
  return { where, readings, grownMb, msPerStep: round(ms / steps, 3), msPerEmptyCall };
}

async function trainOnce(segment: Segment, batch: SegmentBatch, step: number): Promise<void> {
  await segment.forward(batch, step);
  await segment.backward();
  await segment.update();
}

/** An update without gradients is refused at once, here or there. */
async function emptyCall(segment: Segment): Promise<number> {
  const calls = 2000;
  const began = performance.now();
  for (let i = 0; i < calls; i++) await segment.update().catch(() => undefined);
  return round((performance.now() - began) / calls, 4);
}

function read(step: number): Reading {
  globalThis.gc?.();
  return { step, mb: round(process.memoryUsage().rss / 2 ** 20, 1) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function measureApart(where: string, steps: number): MemoryRun {
  const script = fileURLToPath(import.meta.url);
  const args = ['--expose-gc', script, String(steps), where];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`the measurement in the ${where} failed with status ${status ?? 'none'}`);
  return JSON.parse(stdout) as MemoryRun;
}

function memoryTable(runs: readonly MemoryRun[], steps: number): string {
  const names: Readonly<Record<string, string>> = { main: 'the main thread', thread: 'its own thread' };
  const megabytes = (reading: Reading | undefined) => `${Math.round(reading?.mb ?? NaN)} MB`;
  return markdownTable([
    ['computes in', 'after warm-up', `${steps.toLocaleString('en')} steps later`],
    ...runs.map(({ where, readings }) => [names[where] ?? where, megabytes(readings[0]), megabytes(readings.at(-1))]),
  ]);
}

async function main([given = '10000', where]: readonly string[]): Promise<void> {
  const steps = Number(given);
  if (where !== undefined) {
    process.stdout.write(JSON.stringify(await measure(where, steps)));
    return;
  }
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    node: process.version,
    net: 'MLP 784-256-128-10, Adam, batch 64, onnx (native)',
    steps,
    runs: ['main', 'thread'].map((place) => measureApart(place, steps)),
  };
  await writeResult('memory', result);
  await writeSection(new URL('docs/engine.md', root), 'bench:memory', memoryTable(result.runs, steps));
  console.log(JSON.stringify(result, null, 2));
}

await main(process.argv.slice(2));
