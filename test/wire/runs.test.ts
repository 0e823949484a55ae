import { describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { predict } from '../../client/node/predict.js';
import { serve } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { findTopology, topologyNames } from '../../shared/topologies.js';
import type { Codec } from '../../shared/wire/codec.js';
import { simulate } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const small = { clients: 3, epochs: 4, batch: 7, seed: 17, engine: 'tfjs', transport: 'loopback' } as const;
const horizontal = { ...small, task: tinyTask, data: tinyData(65, 5) };
const vertical = { ...small, task: verticalTask(), data: verticalData(65, 5) };

describe.each(topologyNames)('%s', (topology) => {
  const options = { ...(findTopology(topology).data === 'features' ? vertical : horizontal), topology };

  const isShown = wholeSuite || topology === 'vanilla' || topology === 'vertical';

  it.runIf(isShown)('learns in few bits what it learns in float32', async () => {
    const plain = await simulate(options);
    const named = await simulate({ ...options, codecUp: 'fp32', codecDown: 'fp32', codecWeights: 'fp32' });
    const coded = await simulate({ ...options, codecUp: 'int4', codecDown: 'int8' });
    expect(named.summary.weightsHash).toBe(plain.summary.weightsHash);
    expect(named.summary.bytes).toEqual(plain.summary.bytes);
    expect(coded.summary.weightsHash).not.toBe(plain.summary.weightsHash);
    expect(Math.abs((coded.summary.testLoss ?? NaN) - (plain.summary.testLoss ?? NaN))).toBeLessThan(0.2);
    expect(coded.summary.bytes.up).toBeLessThan(plain.summary.bytes.up);
    expect(coded.summary.bytes.down).toBeLessThan(plain.summary.bytes.down);
    expect(coded.summary.bytes.labels).toBeLessThanOrEqual(plain.summary.bytes.labels / 8);
  });

  it.runIf(wholeSuite)('is the same run when it is run again', async () => {
    const coded = { ...options, epochs: 2, codecUp: 'int3', codecDown: 'int4', codecWeights: 'bf16' };
    const [one, other] = [await simulate(coded), await simulate(coded)];
    expect(one.summary.weightsHash).toBe(other.summary.weightsHash);
  });
});

it('learns by codecs that remember', async () => {
  const plain = await simulate(horizontal);
  for (const codecUp of ['delta:5+int4+rans', 'project:2+int8', 'randtopk:60+int8', 'pq:2+rans']) {
    const coded = await simulate({ ...horizontal, codecUp, codecDown: 'int4:tensor+rans' });
    expect(Math.abs((coded.summary.testLoss ?? NaN) - (plain.summary.testLoss ?? NaN)), codecUp).toBeLessThan(0.3);
  }
});

/** Every value in a byte, as sixteenths. */
const sixteenths: Codec = {
  name: 'sixteenths',
  encode: (values) => ({ bytes: Uint8Array.from(values, (value) => 128 + Math.round(16 * value)), state: null }),
  decode: (bytes) => ({ values: Float32Array.from(bytes, (byte) => (byte - 128) / 16), state: null }),
  errorBound: () => 1 / 32,
};

it('takes a codec of its own', async () => {
  const short = { ...horizontal, epochs: 1 };
  const plain = await simulate(short);
  const own = await simulate({ ...short, codecUp: sixteenths });
  expect(own.summary.bytes.up).toBeLessThan(plain.summary.bytes.up);
  const hop = await simulate({ ...short, topology: 'multi-hop', codecUp: sixteenths, codecDown: sixteenths });
  expect(hop.summary.bytes.up).toBeLessThan(plain.summary.bytes.up);
  await expect(simulate({ ...horizontal, codecUp: { name: 'half' } as Codec })).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringContaining('codecUp') as string,
  });
});

it('asks for predictions by a codec of its own, and says so where it does not know it', async () => {
  const engine = await chooseEngine('tfjs');
  const { task, data, batch } = horizontal;
  const server = await serve({ task, batch, epochs: 1, loadedEngine: engine, codecUp: sixteenths, keepServing: true });
  for await (const _ of join(server.url, { data, loadedEngine: engine, codecs: [sixteenths] }));
  await server.finished;
  const batches = [await data.train.batch(Int32Array.from([0, 3, 5]))];
  const outputs: number[] = [];
  for await (const answer of predict(server.url, batches, { engine: 'tfjs', codecs: [sixteenths] }))
    outputs.push(...(answer.outputs[0]?.shape ?? []));
  expect(outputs[0]).toBe(3);
  const unknown = predict(server.url, batches, { engine: 'tfjs' });
  await expect(unknown.next()).rejects.toMatchObject({ code: 'BAD_OPTION' });
  await server.close();
});

it('refuses a codec that there is not', async () => {
  await expect(simulate({ ...horizontal, codecUp: 'int7' })).rejects.toMatchObject({ code: 'BAD_OPTION' });
});
