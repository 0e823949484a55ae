import { describe, expect, it } from 'vitest';
import { SessionHolders } from '../../server/entry/session-holders.js';
import { InferLinks } from '../../server/http/infer-links.js';
import { Places } from '../../server/run/places.js';
import type { ClientSession } from '../../server/session/client-session.js';
import { noBytes } from '../../shared/protocol/byte-meter.js';

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a place of a run', () => {
  function party(phase: ClientSession['phase']) {
    const own = {
      phase,
      refused: '',
      follow: () => undefined,
      account: () => undefined,
      refuse: ({ code }: { code: string }) => void (own.refused = code),
    };
    return own as unknown as ClientSession & { refused: string };
  }

  it('goes to another when its client has been let in for long and is not ready, the longest first', () => {
    let nowMs = 0;
    const places = new Places(() => nowMs);
    const [slow, slower, ready] = [party('joining'), party('joining'), party('waiting')];
    places.take(2, ready);
    places.take(1, slower);
    nowMs = 4_000;
    places.take(0, slow);
    nowMs = 14_999;
    expect(places.makeWay()).toBe(false);
    nowMs = 17_000;
    expect(places.makeWay()).toBe(true);
    expect([slow.refused, slower.refused, ready.refused]).toEqual(['', 'TOO_SLOW', '']);
  });

  it('keeps what was done in it when a checkpoint has nobody there, and gives it to who comes next', () => {
    const places = new Places(() => 0);
    const account = (client: number, steps: number) => ({ client, steps, samples: 5 * steps, bytes: noBytes });
    const here = Object.assign(party('training'), { account: () => account(0, 7) });
    places.take(0, here);
    places.recall([account(2, 3), account(1, 4)]);
    expect(places.accounts).toEqual([account(0, 7), account(1, 4), account(2, 3)]);
    let followed: unknown;
    const next = Object.assign(party('joining'), { follow: (done: unknown) => (followed = done) });
    places.take(2, Object.assign(next, { account: () => account(2, 3) }));
    expect(followed).toEqual(account(2, 3));
    expect(places.accounts).toEqual([account(0, 7), account(1, 4), account(2, 3)]);
  });

  it('goes to who asks for that one place only', () => {
    let nowMs = 0;
    const places = new Places(() => nowMs);
    const parties = [party('joining'), party('joining'), party('training')];
    parties.forEach((own, place) => places.take(place, own));
    nowMs = 60_000;
    expect(places.makeWay(2)).toBe(false);
    expect(places.makeWay(1)).toBe(true);
    expect(parties.map(({ refused }) => refused)).toEqual(['', 'TOO_SLOW', '']);
  });
});

describe('a place for predictions', () => {
  it('goes to another when its link has asked for nothing for long', () => {
    let nowMs = 0;
    const inferLinks = new InferLinks(3, () => nowMs);
    const cut: number[] = [];
    const places = [0, 1, 2].map((link) => inferLinks.enter(() => cut.push(link)));
    nowMs = 14_000;
    expect(codeOf(() => inferLinks.enter(() => cut.push(3)))).toBe('RUN_FULL');
    places[0]?.asked();
    nowMs = 16_000;
    inferLinks.enter(() => cut.push(3));
    inferLinks.enter(() => cut.push(4));
    expect(cut).toEqual([1, 2]);
    expect(codeOf(() => inferLinks.enter(() => cut.push(5)))).toBe('RUN_FULL');
    // Who had to go has no place left that it could give back or keep.
    places[1]?.asked();
    places[2]?.leave();
    expect(codeOf(() => inferLinks.enter(() => cut.push(5)))).toBe('RUN_FULL');
    places[0]?.leave();
    expect(codeOf(() => inferLinks.enter(() => cut.push(5)))).toBe('taken');
  });
});

describe('the right of a key', () => {
  const key = { subject: 'k0123', role: 'train', shard: null } as const;

  it('is in use from its hello to the end of its session, whatever links there are', () => {
    const holders = new SessionHolders(true);
    holders.claim('link 1', key);
    expect(codeOf(() => holders.claim('link 2', key))).toBe('RUN_FULL');
    holders.note('session 1', key, 'link 1');
    holders.release('link 1');
    expect(codeOf(() => holders.claim('link 2', key))).toBe('RUN_FULL');
    holders.release('session 1');
    expect(codeOf(() => holders.claim('link 2', key))).toBe('taken');
    // A hello that was refused.
    holders.release('link 2');
    expect(codeOf(() => holders.claim('link 3', key))).toBe('taken');
  });

  it('is in use after a restart, until its session is over', () => {
    const holders = new SessionHolders(true);
    holders.note('session 7', key);
    expect(codeOf(() => holders.claim('link 1', key))).toBe('RUN_FULL');
    expect(codeOf(() => holders.claim('link 1', { ...key, subject: 'k4567' }))).toBe('taken');
  });

  it('is not counted where an invite is used up, for predictions, or of a relay', () => {
    const holders = new SessionHolders(true);
    for (const other of [
      { ...key, subject: 'i89' },
      { ...key, role: 'relay' } as const,
      { ...key, role: 'infer' } as const,
    ]) {
      holders.claim('link 1', other);
      holders.note('session 1', other, 'link 1');
      expect(codeOf(() => holders.claim('link 2', other))).toBe('taken');
    }
    const elsewhere = new SessionHolders();
    elsewhere.claim('link 1', key);
    expect(codeOf(() => elsewhere.claim('link 2', key))).toBe('taken');
  });
});
