import { describe, expect, it } from 'vitest';
import { AligningParty } from '../../client/alignment/aligning-party.js';
import { reduceMatching, waitingFor } from '../../server/alignment/matching-reducer.js';
import { initialMatching, type MatchingInput } from '../../server/alignment/matching-state.js';
import { hashToPoints } from '../../shared/alignment/points.js';
import type { Message } from '../../shared/protocol/messages.js';
import { align } from './drive.js';

const tables = [
  ['a', 'b', 'c', 'd', 'e'],
  ['e', 'd', 'c', 'b'],
  ['b', 'c', 'd', 'f', 'g', 'h'],
];

type Points = Message<'points'>;

/** Party 1 answers so instead; with 2 points a message it sends its own in answers 1 and, at the earliest, 2. */
const lies: [string, (reply: Points) => Message, string][] = [
  ['more points than it said', (reply) => ({ ...reply, payload: many(reply, 3) }), 'BAD_VALUE'],
  ['fewer points than it was asked for', (reply) => ({ ...reply, payload: many(reply, 1) }), 'BAD_VALUE'],
  ['no points', (reply) => ({ ...reply, payload: new Uint8Array() }), 'BAD_VALUE'],
  ['half a point', (reply) => ({ ...reply, payload: reply.payload.subarray(0, 63) }), 'BAD_VALUE'],
  ['zeros', (reply) => ({ ...reply, payload: new Uint8Array(64) }), 'BAD_VALUE'],
  ["another's set", (reply) => ({ ...reply, owner: (reply.owner + 1) % 3 }), 'BAD_'],
  ['a set of nobody', (reply) => ({ ...reply, owner: 3 }), 'BAD_'],
  ['points out of order', (reply) => ({ ...reply, first: reply.first + 2 }), 'BAD_'],
  ['another total', (reply) => ({ ...reply, total: reply.total + 2_000_000 }), 'BAD_'],
  ['something else', () => ({ type: 'aligned', rows: 1, digest: null }), 'BAD_STATE'],
  ['something else still', () => ({ type: 'evaluated', round: 3, loss: null, sums: [], confusion: [] }), 'BAD_STATE'],
];

function many({ payload }: Points, count: number): Uint8Array {
  const point = payload.subarray(0, 32);
  return Uint8Array.from(Array.from({ length: count }, () => [...point]).flat());
}

describe('the server refuses a party that answers with', () => {
  it.each(lies)('%s', async (_, lie, code) => {
    for (const nth of [1, 2, 3]) {
      const { effects } = await align(tables, {
        seed: 21,
        points: 2,
        tamper: (party, reply, n) => (party === 1 && n === nth && reply.type === 'points' ? lie(reply) : reply),
      });
      const [refused, failed] = effects.slice(-2);
      const error = { code: expect.stringContaining(code) as string };
      expect(refused, `answer ${nth}`).toMatchObject({ kind: 'refuse', party: 1, error });
      expect(failed).toMatchObject({ kind: 'failed', error: { code: 'BAD_DATA' } });
    }
  });

  it('the same point twice', async () => {
    const { effects } = await align(tables, {
      seed: 22,
      tamper: (party, reply, nth) =>
        party === 2 && nth === 1 && reply.type === 'points' ? { ...reply, payload: many(reply, 6) } : reply,
    });
    const error = {
      code: 'BAD_DATA',
      message: expect.stringContaining('two points of party 2 are the same') as string,
    };
    expect(effects.at(-2)).toMatchObject({ kind: 'refuse', party: 2, error });
  });

  it('points of another that it has made the same', async () => {
    const { effects } = await align(tables, {
      seed: 25,
      tamper: (party, reply) =>
        party === 1 && reply.type === 'points' && reply.owner === 0
          ? { ...reply, payload: many(reply, reply.payload.length / 32) }
          : reply,
    });
    expect(effects.at(-2)).toMatchObject({ kind: 'refuse', party: 1, error: { code: 'BAD_VALUE' } });
  });

  it('nothing that shows it, where points of several messages were made the same: their owner is not blamed', async () => {
    let first: Uint8Array | undefined;
    const { effects } = await align(tables, {
      seed: 26,
      points: 1,
      tamper: (party, reply) => {
        if (party !== 1 || reply.type !== 'points' || reply.owner !== 0) return reply;
        first ??= reply.payload;
        return { ...reply, payload: first };
      },
    });
    expect(effects.map(({ kind }) => kind)).not.toContain('refuse');
    const message = expect.stringContaining('points of party 0 were made the same by another party') as string;
    expect(effects.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'BAD_DATA', message } });
  });

  it('more ids than the server takes', async () => {
    const { effects } = await align(tables, { seed: 23, maxIds: 5 });
    expect(effects.at(-2)).toMatchObject({ kind: 'refuse', party: 2, error: { code: 'BAD_MESSAGE' } });
  });

  it('a count of rows that is not what it was sent, or no digest', async () => {
    for (const change of [{ rows: 2 }, { digest: null }]) {
      const { effects } = await align(tables, {
        seed: 24,
        tamper: (party, reply) => (party === 0 && reply.type === 'aligned' ? { ...reply, ...change } : reply),
      });
      expect(effects.at(-2)).toMatchObject({ kind: 'refuse', party: 0, error: { code: 'BAD_MESSAGE' } });
    }
  });

  it('an answer nobody asked for', () => {
    const matching = initialMatching({ parties: 2, samples: 'train', salt: 's', points: 1 });
    const [begun] = reduceMatching(matching, { kind: 'begin' });
    const points = (party: number, first: number, payload: Uint8Array): MatchingInput => {
      return { kind: 'received', party, message: { type: 'points', owner: party, first, total: 1, payload } };
    };
    const [shared] = reduceMatching(begun, points(0, 0, hashToPoints(['p'], 's')));
    expect(waitingFor(shared)).toEqual([1]);
    const [, effects] = reduceMatching(shared, points(0, 1, hashToPoints(['q'], 's')));
    expect(effects[0]).toMatchObject({ kind: 'refuse', party: 0, error: { code: 'BAD_STATE' } });
  });
});

describe('a party refuses a server that', () => {
  const begin: Message<'align'> = { type: 'align', samples: 'train', parties: 3, party: 1, salt: 's', points: 2 };
  const foreign = { type: 'points', owner: 0, first: 0, total: 3, payload: hashToPoints(['p', 'q'], 's') } as const;
  const more = { type: 'points', owner: 1, first: 2, total: 3, payload: new Uint8Array() } as const;
  const common = (places: number[], total = places.length, first = 0): Message<'common'> => {
    return { type: 'common', first, total, payload: new Uint8Array(Int32Array.from(places).buffer) };
  };

  it.each<[string, Message[], string]>([
    ['begins twice', [begin, begin], 'BAD_STATE'],
    ['asks before it begins', [foreign], 'BAD_STATE'],
    ['gives it a place that is none', [{ ...begin, party: 3 }], 'BAD_MESSAGE'],
    ['names itself alone', [{ ...begin, parties: 1, party: 0 }], 'BAD_MESSAGE'],
    ['names a million parties', [{ ...begin, parties: 1_000_000 }], 'BAD_MESSAGE'],
    ['asks for points that are sent', [begin, { ...more, first: 0 }], 'BAD_STATE'],
    ['asks for more than there are', [begin, more, { ...more, first: 3 }], 'BAD_STATE'],
    ['gives it its own points', [begin, { ...more, payload: foreign.payload.subarray(0, 32) }], 'BAD_STATE'],
    ['sends points of nobody', [begin, { ...foreign, owner: 3 }], 'BAD_MESSAGE'],
    [
      'sends too many in a message',
      [begin, { ...foreign, payload: hashToPoints(['p', 'q', 'r'], 's') }],
      'BAD_MESSAGE',
    ],
    ['sends more than it said', [begin, { ...foreign, total: 1 }], 'BAD_MESSAGE'],
    ['sends the same points again', [begin, foreign, foreign], 'BAD_STATE'],
    ['changes its mind about how many', [begin, foreign, { ...foreign, first: 2, total: 4 }], 'BAD_MESSAGE'],
    ['says there are too many to blind', [begin, { ...foreign, total: 1_000_001 }], 'BAD_MESSAGE'],
    ['sends zeros', [begin, { ...foreign, payload: new Uint8Array(64) }], 'BAD_VALUE'],
    ['sends broken points', [begin, { ...foreign, payload: foreign.payload.subarray(1) }], 'BAD_VALUE'],
    ['knows the common rows too early', [begin, common([0])], 'BAD_STATE'],
    ['names a row there is not', [begin, more, common([0, 3])], 'BAD_VALUE'],
    ['names a row below 0', [begin, more, common([-1])], 'BAD_VALUE'],
    ['names a row twice', [begin, more, common([2, 2])], 'BAD_VALUE'],
    ['names more rows than there are', [begin, more, common([0, 1, 2, 0])], 'BAD_MESSAGE'],
    ['trains meanwhile', [begin, { type: 'train', round: 0, steps: 3, withOptimizer: false }], 'BAD_STATE'],
    ['leaves rows out', [begin, more, common([0], 2, 1)], 'BAD_MESSAGE'],
    ['sends half a number', [begin, more, { ...common([0]), payload: new Uint8Array(3) }], 'BAD_MESSAGE'],
  ])('%s', async (_, messages, code) => {
    const party = await AligningParty.open({ ids: ['x', 'y', 'z'] });
    for (const message of messages.slice(0, -1)) await party.answer(message);
    await expect(party.answer(messages.at(-1) as Message)).rejects.toMatchObject({ code });
    expect(party.rows).toBeUndefined();
  });

  it('asks again before the answer', async () => {
    const party = await AligningParty.open({ ids: ['x', 'y', 'z'] });
    const first = party.answer(begin);
    await expect(party.answer(more)).rejects.toMatchObject({ code: 'BAD_STATE' });
    await expect(first).resolves.toMatchObject({ type: 'points', owner: 1, total: 3 });
  });
});
