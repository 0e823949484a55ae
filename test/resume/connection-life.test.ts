import { describe, expect, it } from 'vitest';
import { Reconnect } from '../../client/reconnect.js';
import type { Clock } from '../../shared/clock.js';
import { TandemError } from '../../shared/errors.js';
import { pauseSeconds } from '../../shared/session/backoff.js';
import { Heartbeat } from '../../shared/session/heartbeat.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import { HandClock } from '../helpers/hand-clock.js';

const gone = new TandemError('LINK_LOST', 'the link broke (1006)');

describe('pauses between attempts', () => {
  const options = { firstSeconds: 0.3, capSeconds: 7 };

  it('double up to a cap, with any share of it', () => {
    const longest = Array.from({ length: 7 }, (_, failures) => pauseSeconds(failures, 1, options));
    expect(longest).toEqual([0.3, 0.6, 1.2, 2.4, 4.8, 7, 7]);
    expect(pauseSeconds(3, 0.25, options)).toBeCloseTo(0.6);
    expect(pauseSeconds(40, 0, options)).toBe(0);
    expect(pauseSeconds(2_000, 0.5, options)).toBe(3.5);
  });
});

/** A clock that notes the pauses it was asked for. */
class NotingClock extends HandClock implements Clock {
  readonly asked: number[] = [];

  override after(seconds: number, callback: () => void): () => void {
    this.asked.push(seconds);
    return super.after(seconds, callback);
  }
}

describe('coming back', () => {
  const flush = () => new Promise((resolve) => setImmediate(resolve));

  function lostLink(connect: () => Promise<never>) {
    const clock = new NotingClock();
    const reconnect = new Reconnect({
      connect,
      clock,
      random: () => 0.5,
      patienceSeconds: 9,
      backoff: { firstSeconds: 1, capSeconds: 4 },
    });
    const link = new LastingLink({ heartbeatSeconds: 60, lost: () => undefined });
    return { clock, reconnect, link };
  }

  it('waits longer after each failure, and gives up when patience runs out', async () => {
    const { clock, reconnect, link } = lostLink(() => Promise.reject(new TandemError('UNREACHABLE', 'nobody')));
    const ended = expect(link.messages().next()).rejects.toThrow(/within 9 s; before that, nobody/);
    reconnect.lost(link, gone);
    while (clock.pass()) await flush();
    expect(clock.asked).toEqual([0.5, 1, 2, 2, 2]);
    await ended;
  });

  it('starts from the shortest pause again only after the link stayed up', async () => {
    const { clock, reconnect, link } = lostLink(() => new Promise(() => undefined));
    reconnect.lost(link, gone);
    clock.pass();
    reconnect.back();
    reconnect.lost(link, gone);
    expect(clock.asked).toEqual([0.5, 5, 1]);
    reconnect.back();
    clock.pass();
    reconnect.lost(link, gone);
    expect(clock.asked.at(-1)).toBe(0.5);
    reconnect.stop();
  });

  it('ends with what is no loss of a link', async () => {
    const refusal = new TandemError('BAD_OPTION', 'no address');
    const { clock, reconnect, link } = lostLink(() => Promise.reject(refusal));
    const reading = link.messages().next();
    reconnect.lost(link, gone);
    clock.pass();
    await expect(reading).rejects.toBe(refusal);
  });
});

describe('a heartbeat', () => {
  function beating() {
    const clock = new HandClock();
    const said: string[] = [];
    const heartbeat = new Heartbeat(clock, 7, { ask: () => said.push('ask'), giveUp: () => said.push('give up') });
    return { clock, heartbeat, said };
  }

  it('asks after silence, and gives up when there is no answer either', () => {
    const { clock, said } = beating();
    clock.pass();
    expect(said).toEqual([]);
    clock.pass();
    expect(said).toEqual(['ask']);
    clock.pass();
    expect(said).toEqual(['ask', 'give up']);
    expect(clock.pass()).toBe(false);
  });

  it('says nothing while something comes', () => {
    const { clock, heartbeat, said } = beating();
    for (let i = 0; i < 5; i++) {
      heartbeat.hear();
      expect(clock.pass()).toBe(true);
    }
    expect(said).toEqual([]);
    clock.pass();
    heartbeat.hear();
    clock.pass();
    clock.pass();
    expect(said.filter((word) => word === 'give up')).toEqual([]);
    heartbeat.stop();
    expect(clock.pass()).toBe(false);
  });
});
