import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { withSend } from '../../bench/with-send.js';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { someInputs } from '../../shared/data/party-data.js';
import { arrayDataset, type Dataset } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { adam } from '../../shared/engine/optimizer.js';
import { verticalCut, verticalModel } from '../../shared/model/vertical-model.js';
import { float32 } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { defineTask } from '../../shared/task.js';
import { loopbackPair } from '../../shared/transport/loopback.js';

const SAMPLES = 23;
const rng = createRng('vertical labels stay', 17);
/** Labels no other value of a run is likely to equal: all bits of their bytes in use, no two the same. */
const labels = Array.from({ length: SAMPLES }, () => 3 + 4 * rng.float());
const features = () => Array.from({ length: 3 * SAMPLES }, () => rng.normal());
const inputs = [float32([SAMPLES, 3], features()), float32([SAMPLES, 3], features())];
const all = arrayDataset(inputs, [float32([SAMPLES], labels)]);

const task = defineTask({
  name: 'odd labels',
  cut: verticalCut(2),
  cuts: { 'vertical-u-shaped': `${verticalCut(2)},hidden` },
  loss: 'meanSquaredError',
  optimizer: adam(0.003),
  labels: [{ name: 'value', dtype: 'float32', shape: [] }],
  metrics: ['meanAbsoluteError'],
  batch: 5,
  model: () =>
    verticalModel({
      inputs: [3, 3],
      bottom: (party, input) => tf.layers.dense({ name: `b${party}`, units: 4 }).apply(input) as tf.SymbolicTensor,
      top: (fused) => {
        const hidden = tf.layers.dense({ name: 'hidden', units: 5, activation: 'relu' }).apply(fused);
        return tf.layers.dense({ name: 'value', units: 1 }).apply(hidden) as tf.SymbolicTensor;
      },
    }),
});

/** Trains, evaluates, and answers all bytes that these parties sent. */
async function bytesSent(
  topology: string,
  of: readonly ('active' | number)[] = [0, 1, 'active'],
): Promise<Uint8Array[]> {
  const engine = await chooseEngine('tfjs');
  const settings = resolveRun(task, { topology, clients: 3, epochs: 2, seed: 3, aligned: true });
  const run = await createHost({ task, settings, engine, transport: 'loopback' });
  const sent: Uint8Array[] = [];
  const partyOf = async (party: 'active' | number, data: Dataset) => {
    const [client, server] = loopbackPair();
    const send = (bytes: Uint8Array) => {
      if (of.includes(party)) sent.push(bytes.slice());
      client.send(bytes);
    };
    const transport = withSend(client, send);
    void run.accept(server);
    const own = { train: data, test: data };
    for await (const _ of participate({ transport, data: own, engine, party, aligned: true }));
  };
  // Passive parties have the labels in their files too here, and must not send them.
  await Promise.all([
    partyOf(0, someInputs(all, [0], true)),
    partyOf(1, someInputs(all, [1], true)),
    partyOf('active', someInputs(all, [], true)),
  ]);
  const { summary } = await run.finished;
  expect(summary).toMatchObject({ topology, steps: 10, samples: 46 });
  expect(summary.metrics.meanAbsoluteError).toBeGreaterThan(0);
  return sent;
}

/** How many of the labels stand anywhere in the bytes: as they are, as doubles, in either order, at any offset. */
function found(frames: readonly Uint8Array[]): number {
  const haystack = Buffer.concat(frames);
  const patterns = (value: number) => {
    const [own, double] = [Buffer.alloc(4), Buffer.alloc(8)];
    own.writeFloatLE(value);
    double.writeDoubleLE(Math.fround(value));
    return [own, double].flatMap((bytes) => [bytes, Buffer.from(bytes).reverse()]);
  };
  return labels.filter((value) => patterns(value).some((bytes) => haystack.includes(bytes))).length;
}

describe('labels', () => {
  it('never leave the active party of a vertical u-shaped run', async () => {
    const sent = await bytesSent('vertical-u-shaped');
    expect(sent.length).toBeGreaterThan(40);
    expect(found(sent)).toBe(0);
  });

  it('are all found where they do travel', async () => {
    expect(found(await bytesSent('vertical'))).toBe(SAMPLES);
  });

  it('are not sent by passive parties, though their data have them', async () => {
    const sent = await bytesSent('vertical', [0, 1]);
    expect(sent.length).toBeGreaterThan(20);
    expect(found(sent)).toBe(0);
  });
});
