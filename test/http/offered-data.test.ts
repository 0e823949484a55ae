import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadIdx } from '../../client/node/data/idx.js';
import { OfferedData } from '../../server/http/offered-data.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { idxDataset, parseIdx } from '../../shared/data/idx.js';
import { dealData } from '../../shared/data/partition.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { tinyTask } from '../helpers/tiny-task.js';

const SAMPLES = 103;

/** What a client is sent below its place. */
async function shareOf(data: OfferedData, client: number | 'sample', part: 'train' | 't10k') {
  const [images, labels] = await Promise.all(
    ['images-idx3', 'labels-idx1'].map(async (name) => {
      const answer = await data.at(`/data/${client}/${part}-${name}-ubyte`);
      return answer?.kind === 'idx' ? parseIdx(answer.bytes) : undefined;
    }),
  );
  if (!images || !labels) throw new Error('there is nothing');
  return idxDataset(images, labels);
}

describe('the data that a server offers', () => {
  it.each<RunOptions>([
    { clients: 3, seed: 7 },
    { clients: 1, seed: 7, limit: 40 },
    { clients: 4, seed: 11, limit: 61, partition: 'shards:2' },
    { clients: 2, seed: 5, partition: 'dirichlet:5' },
  ])('are dealt as clients that have all of them would deal them: %j', async (options) => {
    const folder = await digitsFolder(SAMPLES);
    const settings = resolveRun(tinyTask, options);
    const data = await OfferedData.in(folder, settings);
    const { clients, partition, limit, seed } = settings;
    const expected = dealData(await loadIdx(folder), { clients, partition, limit, seed });
    for (const [client, share] of expected.entries()) {
      for (const [name, own] of [['train', share.train] as const, ['t10k', share.test] as const]) {
        const sent = await shareOf(data, client, name);
        const rows = Array.from({ length: own?.size ?? 0 }, (_, row) => row);
        expect(sent.size).toBe(rows.length);
        expect(await sent.batch(rows)).toEqual(await own?.batch(rows));
      }
    }
    const facts = await data.at('/data/about.json');
    expect(facts).toMatchObject({ kind: 'facts', facts: { samples: expected.map(({ train }) => train.size) } });
    expect((await shareOf(data, 'sample', 'train')).size).toBe(8);
    expect(data.usual.samples).toBe(Math.ceil(Math.min(limit ?? SAMPLES, SAMPLES) / clients));
  });

  it('are no others: places that the run does not have, and other paths', async () => {
    const data = await OfferedData.in(await digitsFolder(9), resolveRun(tinyTask, { clients: 2 }));
    for (const path of ['2/train-images-idx3', '-1/train-images-idx3', '0/../about', '0/test-images-idx3', '']) {
      expect(await data.at(`/data/${path}-ubyte`)).toBeUndefined();
    }
  });

  it('must be there when the server starts', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'tandem-empty-'));
    await expect(OfferedData.in(empty, resolveRun(tinyTask, {}))).rejects.toMatchObject({ code: 'BAD_DATA' });
  });
});
