import { describe, expect, it } from 'vitest';
import { TandemError } from '../../shared/errors.js';
import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';

/** What every store promises; each runs all of it. */
export function storeConformance(
  name: string,
  open: () => Promise<{ store: CheckpointStore; reopen: () => Promise<CheckpointStore> }>,
): void {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const read = async (given: Uint8Array) => [...given];

  describe(`store conformance: ${name}`, () => {
    it('has nothing before anything was saved', async () => {
      const { store } = await open();
      expect(await store.load('server', read)).toBeUndefined();
      await store.close();
    });

    it('gives back what was saved last, by name, also when it is opened again', async () => {
      const { store, reopen } = await open();
      await store.save('server', bytes(3, 5, 7));
      await store.save('client-1', bytes(11));
      await store.save('server', bytes(13, 17));
      expect(await store.load('server', read)).toEqual([13, 17]);
      await store.close();
      const again = await reopen();
      expect(await again.load('server', read)).toEqual([13, 17]);
      expect(await again.load('client-1', read)).toEqual([11]);
      expect(await again.load('client', read)).toBeUndefined();
      await again.close();
    });

    it('goes back one generation when the newest cannot be read, and saves past it', async () => {
      const { store } = await open();
      for (const value of [3, 5, 7]) await store.save('server', bytes(value));
      const damaged = (value: number) => async (given: Uint8Array) => {
        if (given[0] === value) throw new Error('damaged');
        return [...given];
      };
      expect(await store.load('server', damaged(7))).toEqual([5]);
      await store.save('server', bytes(11));
      // What was damaged has not pushed out what is intact.
      expect(await store.load('server', damaged(11))).toEqual([5]);
      expect(await store.load('server', damaged(5))).toBeUndefined();
      await store.close();
    });

    it('goes back to none where the newest is of another format, names it, and leaves it to who can read it', async () => {
      const { store, reopen } = await open();
      for (const value of [3, 5]) await store.save('server', bytes(value));
      const readsThree = async (given: Uint8Array) => {
        if (given[0] !== 3) throw new TandemError('BAD_VERSION', `a checkpoint of format ${given[0]}, this reads 3`);
        return [...given];
      };
      const refused = expect.objectContaining({ code: 'BAD_VERSION' }) as Error;
      await expect(store.load('server', readsThree)).rejects.toThrow(/server.*a checkpoint of format 5, this reads 3/);
      await expect(store.load('server', readsThree)).rejects.toThrow(refused);
      expect(await store.load('server', read)).toEqual([5]);
      await store.close();
      const again = await reopen();
      await expect(again.load('server', readsThree)).rejects.toThrow(refused);
      await again.close();
    });

    it('keeps the bytes as they were when they were saved, and hands out copies', async () => {
      const { store } = await open();
      const given = bytes(3, 5);
      const saved = store.save('server', given);
      await saved;
      given.fill(9);
      (await store.load('server', async (loaded) => loaded))?.fill(7);
      expect(await store.load('server', read)).toEqual([3, 5]);
      await store.close();
    });

    it('takes a checkpoint of some megabytes', async () => {
      const { store } = await open();
      const large = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 131) & 0xff);
      await store.save('server', large);
      const loaded = await store.load('server', async (given) => Buffer.compare(given, large));
      expect(loaded).toBe(0);
      await store.close();
    });
  });
}
