import 'fake-indexeddb/auto';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { IndexedDbStore } from '../../client/browser/life/indexed-db-store.js';
import { checkpointsOf, openTabDatabase } from '../../client/browser/life/tab-database.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import { storeConformance } from './store-conformance.js';

const newDatabase = () => openTabDatabase(`tandem-${randomUUID()}`);

storeConformance('IndexedDB', async () => {
  const database = await newDatabase();
  return {
    store: await IndexedDbStore.open(database, 'ws://a.test'),
    reopen: () => IndexedDbStore.open(database, 'ws://a.test'),
  };
});

describe('checkpoints in a browser', () => {
  async function withThree() {
    const database = await newDatabase();
    const store = await IndexedDbStore.open(database, 'ws://a.test');
    for (const step of [3, 5, 7]) await store.save('client', await encodeCheckpoint({ step }));
    return { database, store };
  }

  it('are two generations of each part and name, each twice', async () => {
    const { database, store } = await withThree();
    const other = await IndexedDbStore.open(database, 'ws://b.test');
    await other.save('client', await encodeCheckpoint({ step: 11 }));
    expect(await database.getAllKeys('checkpoints', checkpointsOf('ws://a.test'))).toEqual([
      ['ws://a.test', 'client', 2],
      ['ws://a.test', 'client', 3],
      ['ws://a.test', 'client.copy', 2],
      ['ws://a.test', 'client.copy', 3],
    ]);
    expect(await store.load('client', decodeCheckpoint)).toEqual({ step: 7 });
    expect(await other.load('client', decodeCheckpoint)).toEqual({ step: 11 });
  });

  it.each<[string, (bytes: Uint8Array) => unknown]>([
    ['a torn one', (bytes) => bytes.slice(0, 55)],
    ['an empty one', () => new Uint8Array()],
    ['one with a flipped bit', (bytes) => bytes.map((byte, i) => (i === 51 ? byte ^ 4 : byte))],
    ['what somebody else has put there', () => ({ step: 9 })],
    ['nothing', () => undefined],
  ])('%s is left aside for its copy, and with its copy for the one before, once', async (_what, change) => {
    const { database, store } = await withThree();
    const damage = async (name: string) => {
      const newest: [string, string, number] = ['ws://a.test', name, 3];
      const bytes = (await database.get('checkpoints', newest)) as Uint8Array;
      await database.put('checkpoints', change(bytes), newest);
    };
    await damage('client');
    expect(await store.load('client', decodeCheckpoint)).toEqual({ step: 7 });
    await damage('client.copy');
    expect(await store.load('client', decodeCheckpoint)).toEqual({ step: 5 });
    expect(await database.getAllKeys('checkpoints', checkpointsOf('ws://a.test', 'client'))).toEqual([
      ['ws://a.test', 'client', 2],
    ]);
    // What is next is not taken for what was damaged, nor does it push out what is intact.
    await store.save('client', await encodeCheckpoint({ step: 13 }));
    expect(await store.load('client', decodeCheckpoint)).toEqual({ step: 13 });
  });

  it('of an earlier owner are refused, and change nothing', async () => {
    const { database, store } = await withThree();
    const next = await IndexedDbStore.open(database, 'ws://a.test');
    expect([await store.isOurs(), await next.isOurs()]).toEqual([false, true]);
    await expect(store.save('client', await encodeCheckpoint({ step: 9 }))).rejects.toMatchObject({
      code: 'TAKEN_OVER',
    });
    expect(await next.load('client', decodeCheckpoint)).toEqual({ step: 7 });
    await next.save('client', await encodeCheckpoint({ step: 11 }));
    expect(await next.load('client', decodeCheckpoint)).toEqual({ step: 11 });
    // Who only reads owns nothing.
    const reader = IndexedDbStore.reading(database, 'ws://a.test');
    await expect(reader.save('client', new Uint8Array(8))).rejects.toMatchObject({ code: 'TAKEN_OVER' });
  });
});
