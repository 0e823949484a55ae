import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Pool } from '../../server/pool/pool.js';
import type { Lane } from '../../server/lane/lane.js';
import type { LaneReply, LaneRequest } from '../../server/lane/lane-step.js';
import { MemoryRowStore, type RowStore } from '../../shared/checkpoint/row-store.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { FileRowStore } from '../../storage/row-files.js';

const contract = {
  tensors: [
    { name: 'a', dtype: 'float32' as const, shape: [3] },
    { name: 'b', dtype: 'float32' as const, shape: [1, 2] },
  ],
  labels: [{ name: 'kind', dtype: 'int32' as const, shape: [] }],
};
const settings = { epochs: 3, batch: 4, seed: 23 };

/** Of sample `n`: values that tell it from all others. */
const valuesOf = (n: number) => ({ a: [n + 0.25, -n, 1 / (n + 3)], b: [7 * n, n - 0.5] });

function fill(pool: Pool, client: number, samples: readonly number[]): void {
  const [a, b] = [samples.flatMap((n) => valuesOf(n).a), samples.flatMap((n) => valuesOf(n).b)];
  const { length } = samples;
  pool.add(client, [float32([length, 3], a), float32([length, 1, 2], b)], [int32([length], [...samples])]);
}

/** Learns from everything but what `refuses` says, and remembers it: each step as the samples that it had. */
class RecordingLane implements Pick<Lane, 'learn'> {
  readonly steps: number[][] = [];

  constructor(private readonly refuses: (sample: number) => boolean = () => false) {}

  learn(request: LaneRequest, answer: (reply: LaneReply) => void): Promise<void> {
    if (request.kind !== 'whole') throw new Error(`a pool asked for ${request.kind}`);
    const [samples, [a, b]] = [[...(request.labels[0]?.data ?? [])], request.tensors];
    expect([...(a?.data ?? [])]).toEqual([...Float32Array.from(samples.flatMap((n) => valuesOf(n).a))]);
    expect([...(b?.data ?? [])]).toEqual([...Float32Array.from(samples.flatMap((n) => valuesOf(n).b))]);
    if (samples.some(this.refuses)) return Promise.resolve();
    this.steps.push(samples);
    answer({ kind: 'gradient', loss: 2, tensors: [], given: 0 });
    return Promise.resolve();
  }
}

const teach = (pool: Pool, lane = new RecordingLane()) =>
  pool.teach(lane as unknown as Lane, () => undefined).then((out) => ({ out, steps: lane.steps }));
const sorted = (steps: readonly number[][]) => steps.flat().sort((x, y) => x - y);

const stores: Readonly<Record<string, () => Promise<RowStore | undefined>>> = {
  'in this process': () => Promise.resolve(undefined),
  'beside checkpoints in memory': () => Promise.resolve(new MemoryRowStore()),
  'beside checkpoints in files': async () => new FileRowStore(await mkdtemp(join(tmpdir(), 'tandem-pool-'))),
};

describe.each(Object.entries(stores))('a pool %s', (_, newStore) => {
  it('is gone through in another order each time, every sample once, and is empty then', async () => {
    const pool = new Pool(contract, settings, await newStore());
    pool.begin(5);
    fill(pool, 0, [0, 1, 2]);
    fill(pool, 1, [10, 11]);
    fill(pool, 1, [12]);
    fill(pool, 0, [3, 4, 5, 6]);
    const all = [0, 1, 2, 3, 4, 5, 6, 10, 11, 12];
    const told: number[] = [];
    const lane = new RecordingLane();
    await pool.teach(lane as unknown as Lane, ({ epoch, samples, loss }) => told.push(epoch, samples, loss));
    expect(told).toEqual([1, 10, 2, 2, 10, 2, 3, 10, 2]);
    expect(lane.steps.map(({ length }) => length)).toEqual([4, 4, 2, 4, 4, 2, 4, 4, 2]);
    const epochs = [0, 3, 6].map((at) => lane.steps.slice(at, at + 3));
    expect(epochs.map(sorted)).toEqual([all, all, all]);
    expect(new Set(epochs.map((steps) => steps.flat().join())).size).toBe(3);
    expect(await pool.snapshot()).toBeNull();
    expect((await teach(pool)).steps).toEqual([]);
  });

  it('leaves out whom the lane cannot learn from, and nobody else', async () => {
    const pool = new Pool(contract, { ...settings, epochs: 2 }, await newStore());
    pool.begin(0);
    fill(pool, 7, [0, 1, 2, 3, 4]);
    fill(pool, 3, [50, 51, 52, 53]);
    const { out, steps } = await teach(pool, new RecordingLane((sample) => sample === 51));
    expect(out).toEqual([3]);
    const honest = sorted(steps).filter((sample) => sample < 50);
    expect(honest).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(steps.flat()).not.toContain(51);
  });
});

describe('a pool beside checkpoints', () => {
  it.each(['beside checkpoints in memory', 'beside checkpoints in files'])(
    '%s goes on from one of them, without what came later',
    async (kind) => {
      const store = await stores[kind]?.();
      const pool = new Pool(contract, settings, store);
      pool.begin(2);
      fill(pool, 0, [0, 1, 2, 3, 4]);
      const snapshot = await pool.snapshot();
      fill(pool, 1, [30, 31]);
      await pool.snapshot();
      const after = new Pool(contract, settings, store);
      after.restore(snapshot);
      fill(after, 1, [20]);
      const whole = new Pool(contract, settings);
      whole.begin(2);
      fill(whole, 0, [0, 1, 2, 3, 4]);
      fill(whole, 1, [20]);
      expect(await teach(after)).toEqual(await teach(whole));
    },
  );

  it('is deleted when no checkpoint needs it, and at the latest with the run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-pool-'));
    const pool = new Pool(contract, settings, new FileRowStore(folder));
    pool.begin(3);
    fill(pool, 0, [0, 1, 2]);
    pool.written(await pool.snapshot());
    await teach(pool);
    pool.written(null);
    // Should the newest checkpoint be damaged, the one before needs it.
    expect(await readdir(folder)).toEqual(['pool-3.rows']);
    pool.written(null);
    expect(await readdir(folder)).toEqual([]);
    pool.begin(9);
    fill(pool, 0, [0]);
    pool.written(await pool.snapshot());
    expect(await readdir(folder)).toEqual(['pool-9.rows']);
    pool.dispose();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is not taken for whole where its rows are gone', async () => {
    const store = new MemoryRowStore();
    const pool = new Pool(contract, settings, store);
    pool.begin(1);
    fill(pool, 0, [0, 1, 2]);
    const snapshot = await pool.snapshot();
    store.keepOnly([]);
    expect(() => new Pool(contract, settings, store).restore(snapshot)).toThrow(/has 0 bytes, and the checkpoint/);
  });

  it('refuses samples that differ in length', () => {
    const loose = { ...contract, tensors: [{ name: 'words', dtype: 'float32' as const, shape: [null, 4] }] };
    expect(() => new Pool(loose, settings)).toThrow(/'words' differs in length from sample to sample/);
  });
});
