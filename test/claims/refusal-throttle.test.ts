import { describe, expect, it } from 'vitest';
import { RefusalThrottle } from '../../server/observe/refusal-throttle.js';
import type { RunEvent } from '../../shared/events.js';

function atDoor(address: string, code = 'TOO_MANY'): RunEvent {
  return { kind: 'access', what: 'refused', address, subject: null, role: null, code, reason: 'too many' };
}

describe('refusals', () => {
  it('of one address are told up to a bound, then counted, and told of with the next minute', () => {
    let nowMs = 5_000;
    const throttle = new RefusalThrottle(() => nowMs);
    const told = Array.from({ length: 3_017 }, () => throttle.pass(atDoor('198.51.100.7'))).filter(Boolean);
    expect(told).toHaveLength(20);
    expect(throttle.pass(atDoor('198.51.100.8'))).toEqual(atDoor('198.51.100.8'));
    nowMs += 60_000;
    const next = throttle.pass(atDoor('198.51.100.7'));
    expect(next).toMatchObject({ code: 'TOO_MANY', reason: 'too many; 2997 more before it were not told' });
    expect(throttle.pass(atDoor('198.51.100.7'))).toEqual(atDoor('198.51.100.7'));
  });

  it('of another code are told by themselves', () => {
    const throttle = new RefusalThrottle(() => 0);
    for (let i = 0; i < 70; i++) throttle.pass(atDoor('192.0.2.33', 'WRONG_HOST'));
    expect(throttle.pass(atDoor('192.0.2.33', 'WRONG_HOST'))).toBeUndefined();
    expect(throttle.pass(atDoor('192.0.2.33', 'NO_ENTRY'))).toBeDefined();
  });

  it('of the addresses of one /64, and of links that never said who they are, are those of one', () => {
    const throttle = new RefusalThrottle(() => 0);
    const sixes = Array.from({ length: 300 }, (_, i) => throttle.pass(atDoor(`2001:db8:0:3::${i + 1}`)));
    expect(sixes.filter(Boolean)).toHaveLength(20);
    const link: RunEvent = { kind: 'refused', client: null, code: 'BAD_STATE', reason: 'a client does not send that' };
    const links = Array.from({ length: 300 }, () => throttle.pass(link));
    expect(links.filter(Boolean)).toHaveLength(20);
  });

  const joined = (client: number): RunEvent => ({
    kind: 'client-joined',
    client,
    samples: 7,
    engine: 'tfjs',
    software: null,
  });
  const left = (client: number, code?: string) =>
    ({ kind: 'client-left', client, code, reason: 'the link was lost' }) as RunEvent;

  it.each([
    ['says hello and leaves', [left(2, 'LINK_LOST')], 20],
    [
      'says two hellos',
      [{ kind: 'refused', client: 0, code: 'BAD_STATE', reason: 'hello again' }, left(0, 'BAD_STATE')],
      40,
    ],
  ] as [string, RunEvent[], number][])(
    'of one who %s, again and again, are told up to the bound',
    (_, events, most) => {
      const throttle = new RefusalThrottle(() => 0);
      const told = Array.from({ length: 400 }, () => events.map((event) => throttle.pass(event))).flat();
      expect(told.filter(Boolean)).toHaveLength(most);
    },
  );

  it('of who was ready, or is in a run that goes on, are told each time', () => {
    const throttle = new RefusalThrottle(() => 0);
    throttle.pass({ kind: 'resumed', clients: [{ client: 5 }] } as unknown as RunEvent);
    expect(throttle.pass(left(5))).toEqual(left(5));
    for (let i = 0; i < 100; i++) {
      throttle.pass(joined(3));
      expect(throttle.pass(left(3))).toEqual(left(3));
    }
  });

  it('of clients that have a place, and all else, are told', () => {
    const throttle = new RefusalThrottle(() => 0);
    throttle.pass(joined(3));
    for (let i = 0; i < 100; i++) {
      const placed: RunEvent = { kind: 'refused', client: 3, code: 'BAD_VALUE', reason: 'a weight is infinite' };
      expect(throttle.pass(placed)).toBe(placed);
      const opened: RunEvent = { ...atDoor('198.51.100.7'), what: 'link-opened' } as RunEvent;
      expect(throttle.pass(opened)).toBe(opened);
    }
  });

  it('of any number of addresses cost bounded memory: who was refused longest ago is told again', () => {
    const throttle = new RefusalThrottle(() => 0);
    for (let i = 0; i < 25; i++) throttle.pass(atDoor('192.0.2.1'));
    for (let i = 0; i < 10_000; i++) throttle.pass(atDoor(`10.1.${i >> 8}.${i & 255}`));
    expect(throttle.pass(atDoor('192.0.2.1'))).toEqual(atDoor('192.0.2.1'));
  });
});
