import { describe, expect, it } from 'vitest';
import { connectAgain, Reconnect } from '../../client/reconnect.js';
import { TandemError } from '../../shared/errors.js';
import type { LastingLink } from '../../shared/session/lasting-link.js';
import { HandClock } from '../helpers/hand-clock.js';

/** A server that is out of reach, and who can tell that it may be there again. */
function outOfReach(clock: HandClock) {
  const told = new Set<() => void>();
  let attempts = 0;
  const connect = () => {
    attempts++;
    return Promise.reject(new TandemError('UNREACHABLE', 'nobody answers'));
  };
  const onHurry = (callback: () => void) => {
    told.add(callback);
    return () => told.delete(callback);
  };
  const options = { connect, onHurry, clock, random: () => 0.99, patienceSeconds: 4 };
  const hurry = async () => {
    for (const callback of [...told]) callback();
    await new Promise(setImmediate);
  };
  return { options, hurry, attempts: () => attempts, told };
}

const gone = new TandemError('LINK_LOST', 'the link broke (1006)');

describe('whoever waits before the next attempt', () => {
  it('need not when it may succeed, and has its patience back', async () => {
    const clock = new HandClock();
    const { options, hurry, attempts, told } = outOfReach(clock);
    const ends: TandemError[] = [];
    const link = {
      away: undefined,
      graceSeconds: 7,
      end: (error: TandemError) => ends.push(error),
    } as unknown as LastingLink;
    const reconnect = new Reconnect(options);
    reconnect.lost(link, gone);
    expect(attempts()).toBe(0);
    for (let i = 1; i <= 12; i++) {
      await hurry();
      expect(attempts()).toBe(i);
    }
    expect(ends).toEqual([]);
    // Without hurry, patience runs out after as many pauses.
    let pauses = 0;
    for (; clock.pass(); pauses++) await new Promise(setImmediate);
    expect(pauses).toBeLessThan(12);
    expect(ends).toEqual([expect.objectContaining({ code: 'LINK_LOST' })]);
    reconnect.stop();
    expect(told.size).toBe(0);
  });

  it('need not before the first link either', async () => {
    const clock = new HandClock();
    const { options, hurry, attempts, told } = outOfReach(clock);
    const connecting = connectAgain(options);
    connecting.catch(() => undefined);
    await hurry();
    expect(attempts()).toBe(1);
    while (clock.pass()) await new Promise(setImmediate);
    await expect(connecting).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(told.size).toBe(0);
  });
});
