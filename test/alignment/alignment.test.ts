import { describe, expect, it } from 'vitest';
import { AligningParty } from '../../client/alignment/aligning-party.js';
import type { RandomWords } from '../../shared/alignment/secret-order.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import { reduceMatching } from '../../server/alignment/matching-reducer.js';
import { align, oddTables, plainIntersection, type Outcome } from './drive.js';

const seeds = Array.from({ length: 8 }, (_, i) => 101 + i);

function orders({ parties }: Outcome, tables: readonly (readonly string[])[]): string[][] {
  return parties.map(({ rows }, party) => Array.from(rows ?? [], (row) => tables[party]?.[row] ?? ''));
}

describe('parties that align their rows', () => {
  it.each(seeds)('hold the same order of exactly the ids all of them have (seed %i)', async (seed) => {
    const tables = oddTables(seed, 2 + (seed % 4));
    const expected = plainIntersection(tables);
    const outcome = await align(tables, { seed, points: 1 + (seed % 9) });
    for (const order of orders(outcome, tables)) expect(order).toEqual(expected);
    expect(outcome.effects.at(-1)).toEqual({
      kind: 'aligned',
      rows: expected.length,
      sizes: tables.map(({ length }) => length),
    });
  });

  it('need one id in common, no more', async () => {
    const tables = [
      ['b', '7', 'a'],
      ['007', 'a'],
      ['c', ' a ', 'd', 'e'],
    ];
    const outcome = await align(tables, { seed: 3 });
    expect(outcome.parties.map(({ rows }) => [...(rows ?? [])])).toEqual([[2], [1], [1]]);
  });

  it('take an id composed either way for the same', async () => {
    const outcome = await align([['Zoe\u0308', 'x'], ['Zo\u00eb']], { seed: 4 });
    expect(outcome.parties.map(({ rows }) => [...(rows ?? [])])).toEqual([[0], [0]]);
  });

  it('are told so when no id is common to all, though some pairs have some', async () => {
    const outcome = await align(
      [
        ['a', 'b'],
        ['b', 'c', 'd'],
        ['d', 'a'],
      ],
      { seed: 5 },
    );
    expect(outcome.effects.at(-1)).toMatchObject({
      kind: 'failed',
      error: { code: 'BAD_DATA', message: 'no id is common to all 3 parties, which have 2, 3, 2' },
    });
    expect(outcome.parties.map(({ rows }) => rows)).toEqual([undefined, undefined, undefined]);
  });

  it('are asked one thing at a time, and told how far they are', async () => {
    const tables = oddTables(6, 4);
    const { mostWaiting, effects, parties } = await align(tables, { seed: 6, points: 3 });
    expect(mostWaiting).toBe(1);
    const progress = effects.flatMap((effect) => (effect.kind === 'progress' ? [effect] : []));
    const total = tables.flat().length * 4;
    expect(progress.at(-1)).toEqual({ kind: 'progress', done: total, total });
    expect(progress.every(({ done }, i) => i === 0 || done > (progress[i - 1]?.done ?? 0))).toBe(true);
    expect(parties.map((party) => party.progress)).toEqual([1, 1, 1, 1]);
  });
});

describe('what others see', () => {
  it('holds no id, nor a point twice before all have blinded it', async () => {
    const tables = [
      ['alice-17', 'bob-23', 'carol-5'],
      ['bob-23', 'alice-17'],
      ['dave-9', 'alice-17', 'bob-23'],
    ];
    const { seen } = await align(tables, { seed: 7 });
    const sent = seen.filter(({ from }) => from === 'party').map(({ message }) => message);
    const bytes = Buffer.concat(sent.map((message) => encodeMessage(message))).toString('latin1');
    expect(bytes).toContain('owner');
    for (const id of tables.flat()) expect(bytes).not.toContain(id);
    const points = sent.flatMap((message) => (message.type === 'points' ? pointsOf(message.payload) : []));
    const distinct = new Set(points).size;
    // Sets of 3, 2 and 3 are blinded three times; only in the last form are the 2 common ids equal between sets.
    expect(points).toHaveLength(24);
    expect(distinct).toBe(24 - 2 * 2);
  });

  it('differs from run to run for the same ids', async () => {
    const [first, second] = await Promise.all([align([['a'], ['a']], { seed: 8 }), align([['a'], ['a']], { seed: 8 })]);
    const points = ({ seen }: Outcome) =>
      seen.flatMap(({ message }) => (message.type === 'points' ? pointsOf(message.payload) : []));
    expect(points(first).filter((point) => points(second).includes(point))).toEqual([]);
  });

  const ids = Array.from({ length: 40 }, (_, i) => `id ${i}`);

  /** Whether two parties with the same table are told the same places, which shows that both sent it in its order. */
  async function showsOrder(random?: (party: number) => RandomWords): Promise<boolean> {
    const { seen } = await align([ids, ids], { seed: 9, points: 64, ...(random ? { random } : {}) });
    const [one, other] = seen.flatMap(({ message }) => (message.type === 'common' ? [message.payload] : []));
    expect(one).toHaveLength(40 * 4);
    return Buffer.compare(one ?? new Uint8Array(), other ?? new Uint8Array()) === 0;
  }

  it('does not show the order of a table', async () => {
    expect(await showsOrder()).toBe(false);
  });

  it('would show it if parties did not shuffle (control)', async () => {
    // The greatest word below the bound picks each row itself, so the order stays.
    const keeps = (): RandomWords => {
      let bound = ids.length;
      return (words) => words.forEach((_, i) => (words[words.length - 1 - i] = --bound));
    };
    expect(await showsOrder(keeps)).toBe(true);
  });
});

describe('a party that is not as it should be', () => {
  const tables = [
    ['a', 'b', 'c', 'd'],
    ['d', 'c', 'b'],
    ['b', 'c', 'd', 'e', 'f'],
  ];

  it('is found when it pairs rows in another order than the others', async () => {
    const { effects } = await align(tables, {
      seed: 11,
      tamper: (party, reply) =>
        party === 1 && reply.type === 'aligned' ? { ...reply, digest: 'of another order' } : reply,
    });
    expect(effects.at(-1)).toMatchObject({
      kind: 'failed',
      error: { message: 'the parties pair the 3 common rows in different orders' },
    });
  });

  it('is found when it gives points back in another order than it got them', async () => {
    // One that swaps two points of another's set makes that party take wrong rows for common ones, or pair them wrongly.
    const swapped = (payload: Uint8Array) => {
      const copy = new Uint8Array(payload);
      copy.set(payload.subarray(0, 32), 32);
      copy.set(payload.subarray(32, 64), 0);
      return copy;
    };
    const { effects } = await align(
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
      {
        seed: 12,
        tamper: (party, reply) =>
          party === 1 && reply.type === 'points' && reply.owner === 0
            ? { ...reply, payload: swapped(reply.payload) }
            : reply,
      },
    );
    expect(effects.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'BAD_DATA' } });
  });

  it('ends the alignment for the others with a sentence when it leaves', async () => {
    for (const nth of [2, 3, 4]) {
      const { effects, state } = await align(tables, { seed: 13, points: 2, leaves: { party: 1, nth } });
      expect(effects.at(-1)).toMatchObject({
        kind: 'failed',
        error: { code: 'LINK_LOST', message: 'party 1 left while ids were matched: the link broke' },
      });
      expect(state.sets).toEqual([]);
    }
  });

  it('is waited for, and asked again, when it leaves before it has given anything', async () => {
    const { effects, state } = await align(tables, { seed: 13, points: 2, leaves: { party: 1, nth: 1 } });
    expect(effects.filter(({ kind }) => kind === 'failed')).toEqual([]);
    const asked = effects.filter((effect) => effect.kind === 'send' && effect.message.type === 'align');
    const [, again] = reduceMatching(state, { kind: 'came', party: 1 });
    expect(again).toEqual([asked[1]]);
    // Whoever has given something is not asked for all of it again.
    expect(reduceMatching(state, { kind: 'came', party: 0 })[1]).toEqual([]);
  });
});

describe('ids', () => {
  it.each([
    [['x', 'y', 'x', ' x'], '2 of 4 rows of the table have an id that an earlier row has: 3, 4'],
    [['x', ' ', 'z', ''], '2 of 4 rows of the table have no id: 2, 4'],
    [['x', 'a\ud800'], '1 of 2 rows of the table have an id that is no valid Unicode: 2'],
    [[], 'the table has no rows to align'],
  ])('%j are refused before anything is sent, without naming one', async (ids, message) => {
    await expect(AligningParty.open({ ids })).rejects.toMatchObject({ code: 'BAD_DATA', message });
  });
});

function pointsOf(payload: Uint8Array): string[] {
  return Array.from({ length: payload.length / 32 }, (_, i) =>
    Buffer.from(payload.subarray(i * 32, i * 32 + 32)).toString('hex'),
  );
}
