import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadIdx } from '../../client/node/data/idx.js';
import type { RunResult } from '../../server/run/summarise.js';
import { arrayDataset, type ClientData } from '../../shared/data/dataset.js';
import type { RunEvent } from '../../shared/events.js';
import { float32, int32, maxAbsDifference, type NdArray } from '../../shared/ndarray.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { launchChromium } from '../../simulator/tabs/chromium.js';
import { offerData } from '../../simulator/tabs/offer-data.js';
import { madeUpDigits } from '../helpers/digits.js';
import { Command } from '../helpers/run-cli.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { skipsBrowser } from './browser-page.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const SEED = 41;

function run(options: Partial<SimulateOptions> = {}): Promise<RunResult> {
  const partition = 'dirichlet:1.3';
  return simulate({ task: tinyTask, data: tinyData(), clients: 3, epochs: 3, seed: SEED, partition, ...options });
}

function largestDifference(a: RunResult, b: RunResult): number {
  return Math.max(...a.trained.weights.map((weight, i) => maxAbsDifference(weight, b.trained.weights[i] as NdArray)));
}

/** The same but for the label of one sample. */
async function withOneOtherLabel({ train, test }: ClientData): Promise<ClientData> {
  const { inputs, labels } = await train.batch(Array.from({ length: train.size }, (_, row) => row));
  const changed = Array.from(labels[0]?.data ?? [], (label, row) => (row === 11 ? (label + 1) % 3 : label));
  return { train: arrayDataset(inputs, [int32([train.size], changed)]), ...(test ? { test } : {}) };
}

describe.skipIf(skipsBrowser)('a simulation with tabs', () => {
  it.runIf(wholeSuite)(`is the run of Node clients alone (seed ${SEED})`, async () => {
    const events: RunEvent[] = [];
    const mixed = await run({ browsers: 2, onEvent: (event) => events.push(event) });
    const engines = events.flatMap((event) => (event.kind === 'client-joined' ? [[event.client, event.engine]] : []));
    expect(Object.fromEntries(engines)).toEqual({ 0: 'onnx (wasm)', 1: 'onnx (wasm)', 2: 'onnx (native)' });

    const inNode = await run();
    expect(mixed.summary).toMatchObject({ steps: inNode.summary.steps, samples: inNode.summary.samples, clients: 3 });
    expect(mixed.clients.map(({ samples }) => samples)).toEqual(inNode.clients.map(({ samples }) => samples));
    expect(largestDifference(mixed, inNode)).toBeLessThan(1e-3);
    // What other batches, or one sample that came over wrong, would look like.
    expect(largestDifference(mixed, await run({ seed: SEED + 1 }))).toBeGreaterThan(1e-3);
    expect(largestDifference(mixed, await run({ data: await withOneOtherLabel(tinyData()) }))).toBeGreaterThan(1e-3);
  });

  it.runIf(wholeSuite)('closes its browser on Ctrl-C', async () => {
    const command = new Command('simulate', ...'--browsers 1 --clients 2 --limit 400 --epochs 999'.split(' '));
    await command.said(/client 0 joined with 200 samples, onnx \(wasm\)[^]*step \d+/);
    command.signal('SIGINT');
    // A browser that it had not closed would keep the process from ending.
    expect(await command.done).toMatchObject({ code: 130, stderr: expect.stringMatching(/was stopped/) as string });
  });

  it.runIf(wholeSuite)('says what a tab says that cannot take part', async () => {
    const train = arrayDataset(
      [float32([30, 4], Array<number>(120).fill(0.3))],
      [int32([30], Array<number>(30).fill(9))],
    );
    await expect(run({ data: { train }, browsers: 3, partition: 'iid' })).rejects.toMatchObject({
      message: expect.stringMatching(/^client \d: a tab says: label 'kind' of sample 0 is 9/) as string,
    });
  });

  it('says where there is no Chromium at the path that was given', async () => {
    await expect(run({ browsers: 1, chromium: '/nowhere/chromium' })).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: 'there is no Chromium at /nowhere/chromium',
    });
    await expect(launchChromium({ executable: '/etc/passwd' })).rejects.toMatchObject({ code: 'MISSING' });
  });
});

describe('tabs are refused', () => {
  it.each<[string, Partial<SimulateOptions>, RegExp]>([
    ['more than there are clients', { browsers: 4 }, /browsers is 4, of 3 clients/],
    ['without sockets', { browsers: 1, transport: 'loopback' }, /browsers need sockets/],
    ['without a server', { browsers: 1, schedule: 'centralised' }, /has no server that browsers could reach/],
    ['below a relay', { browsers: 1, topology: 'multi-hop' }, /clients join at a relay/],
    ['with segments of their own', { browsers: 1, clientSegments: [1, 1, 1] }, /tabs hold what the topology gives/],
  ])('%s', async (_, options, message) => {
    const refused = { code: 'BAD_OPTION', message: expect.stringMatching(message) as string };
    await expect(run({ chromium: '/nowhere', ...options })).rejects.toMatchObject(refused);
  });
});

describe('data that are offered to tabs', () => {
  it.each<[string, ClientData, number]>([
    ['pixels as bytes', madeUpDigits(20), 4 + 4 * 4 + 17 * 784],
    ['other numbers as they are', tinyData(19), 4 + 4 * 2 + 17 * 4 * 4],
  ])('are read back the same: %s', async (_, data, bytes) => {
    const offered = await offerData(data, 17);
    const { folder } = offered;
    const read = await loadIdx(folder);
    const rows = Array.from({ length: 17 }, (__, row) => row);
    expect(read.train.size).toBe(17);
    expect(await read.train.batch(rows)).toEqual(await data.train.batch(rows));
    expect(await read.test?.batch([3])).toEqual(await data.test?.batch([3]));
    expect((await stat(join(folder, 'train-images-idx3-ubyte'))).size).toBe(bytes);
    await offered.remove();
    expect(existsSync(folder)).toBe(false);
  });
});
