import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { withSend } from '../../bench/with-send.js';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { arrayDataset, type ClientData } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { adam } from '../../shared/engine/optimizer.js';
import { float32, int32, type NdArray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { defineTask, type Task } from '../../shared/task.js';
import { loopbackPair } from '../../shared/transport/loopback.js';

const SAMPLES = 23;
const rng = createRng('labels-stay', 31);

/** Labels no other value of a run is likely to equal: all bits of their bytes in use, no two the same. */
const values = {
  float32: (count: number) =>
    float32(
      [count],
      Array.from({ length: count }, () => 3 + 4 * rng.float()),
    ),
  int32: (count: number) =>
    int32(
      [count],
      Array.from({ length: count }, () => 0x5a17_0000 + rng.int(0xffff)),
    ),
};

function taskOf(dtype: 'float32' | 'int32'): Task {
  return defineTask({
    name: 'odd labels',
    cut: 'wide',
    cuts: { 'u-shaped': 'wide,hidden' },
    loss: 'meanSquaredError',
    optimizer: adam(0.003),
    labels: [{ name: 'value', dtype, shape: [] }],
    metrics: ['meanAbsoluteError'],
    batch: 5,
    model: () =>
      tf.sequential({
        layers: [
          tf.layers.dense({ name: 'wide', units: 7, activation: 'tanh', inputShape: [3] }),
          tf.layers.dense({ name: 'hidden', units: 5, activation: 'relu' }),
          tf.layers.dense({ name: 'value', units: 1 }),
        ],
      }),
  });
}

/** Trains one client for two epochs, evaluates, and answers all bytes it sent. */
async function bytesSent(task: Task, data: ClientData, topology: string): Promise<Uint8Array[]> {
  const engine = await chooseEngine('tfjs');
  const settings = resolveRun(task, { topology, epochs: 2, seed: 3 });
  const run = await createHost({ task, settings, engine, transport: 'loopback' });
  const [client, server] = loopbackPair();
  const sent: Uint8Array[] = [];
  const transport = withSend(client, (bytes) => {
    sent.push(bytes.slice());
    client.send(bytes);
  });
  void run.accept(server);
  for await (const _ of participate({ transport, data, engine }));
  const { summary } = await run.finished;
  expect(summary).toMatchObject({ topology, steps: 10, samples: 46 });
  expect(summary.metrics.meanAbsoluteError).toBeGreaterThan(0);
  return sent;
}

/** How many of the labels stand anywhere in the bytes: as they are, as doubles, in either order, at any offset. */
function found(labels: NdArray, frames: readonly Uint8Array[]): number {
  const haystack = Buffer.concat(frames);
  const patterns = (value: number) => {
    const own = Buffer.alloc(4);
    if (labels.dtype === 'float32') own.writeFloatLE(value);
    else own.writeInt32LE(value);
    const double = Buffer.alloc(8);
    double.writeDoubleLE(value);
    return [own, double].flatMap((bytes) => [bytes, Buffer.from(bytes).reverse()]);
  };
  return [...labels.data].filter((value) => patterns(value).some((bytes) => haystack.includes(bytes))).length;
}

describe.each(['float32', 'int32'] as const)('labels of %s', (dtype) => {
  const inputs = (count: number) =>
    float32(
      [count, 3],
      Array.from({ length: 3 * count }, () => rng.normal()),
    );
  const [train, test] = [values[dtype](SAMPLES), values[dtype](11)];
  const data: ClientData = {
    train: arrayDataset([inputs(SAMPLES)], [train]),
    test: arrayDataset([inputs(11)], [test]),
  };

  it('never leave the client of a u-shaped run', async () => {
    const sent = await bytesSent(taskOf(dtype), data, 'u-shaped');
    expect(sent.length).toBeGreaterThan(20);
    expect([found(train, sent), found(test, sent)]).toEqual([0, 0]);
  });

  it('are all found where they do travel', async () => {
    const sent = await bytesSent(taskOf(dtype), data, 'vanilla');
    expect([found(train, sent), found(test, sent)]).toEqual([SAMPLES, 11]);
  });
});
