import { describe, expect, it } from 'vitest';
import { findTopology, topologyNames } from '../../shared/topologies.js';
import { simulate } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';

const small = { clients: 3, epochs: 4, batch: 7, seed: 17, engine: 'tfjs', transport: 'loopback' } as const;
const horizontal = { ...small, task: tinyTask, data: tinyData(65, 5) };
const vertical = { ...small, task: verticalTask(), data: verticalData(65, 5) };

describe.each(topologyNames)('%s', (topology) => {
  const options = { ...(findTopology(topology).data === 'features' ? vertical : horizontal), topology };

  it('learns in few bits what it learns in float32', async () => {
    const plain = await simulate(options);
    const named = await simulate({ ...options, codecUp: 'fp32', codecDown: 'fp32', codecWeights: 'fp32' });
    const coded = await simulate({ ...options, codecUp: 'int4', codecDown: 'int8' });
    expect(named.summary.weightsHash).toBe(plain.summary.weightsHash);
    expect(named.summary.bytes).toEqual(plain.summary.bytes);
    expect(coded.summary.weightsHash).not.toBe(plain.summary.weightsHash);
    expect(Math.abs((coded.summary.testLoss ?? NaN) - (plain.summary.testLoss ?? NaN))).toBeLessThan(0.1);
    expect(coded.summary.bytes.up).toBeLessThan(plain.summary.bytes.up);
    expect(coded.summary.bytes.down).toBeLessThan(plain.summary.bytes.down);
    expect(coded.summary.bytes.labels).toBeLessThanOrEqual(plain.summary.bytes.labels / 8);
  });

  it('is the same run when it is run again', async () => {
    const codecs = { codecUp: 'int3', codecDown: 'int4', codecWeights: 'bf16' };
    const [one, other] = [await simulate({ ...options, ...codecs }), await simulate({ ...options, ...codecs })];
    expect(one.summary.weightsHash).toBe(other.summary.weightsHash);
  });
});

it('refuses a codec that there is not', async () => {
  await expect(simulate({ ...horizontal, codecUp: 'int7' })).rejects.toMatchObject({ code: 'BAD_OPTION' });
});
