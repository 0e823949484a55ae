import { describe, expect, it } from 'vitest';
import { browserConditions } from '../../client/browser/life/device-conditions.js';
import { onPageWake, type Wake } from '../../client/browser/life/page-wakes.js';
import { RenewedLinks } from '../../client/browser/life/renewed-links.js';
import { detectSleep } from '../../client/browser/life/sleep-detector.js';
import { sparingSentence, whySpare, type DeviceConditions } from '../../client/browser/life/sparing.js';
import { HandClock } from '../helpers/hand-clock.js';

const battery = (level: number, isCharging = false): DeviceConditions => ({
  battery: { level, isCharging },
  network: null,
});
const network = (savesData: boolean, isCellular: boolean): DeviceConditions => ({
  battery: null,
  network: { savesData, isCellular },
});

describe('a device is spared', () => {
  it('on a low battery that is not charging, until it is a little above', () => {
    expect(whySpare(battery(0.21), null)).toBeNull();
    expect(whySpare(battery(0.19), null)).toBe('battery');
    expect(whySpare(battery(0.19, true), 'battery')).toBeNull();
    expect(whySpare(battery(0.23), 'battery')).toBe('battery');
    expect(whySpare(battery(0.23), null)).toBeNull();
    expect(whySpare(battery(0.26), 'battery')).toBeNull();
  });

  it('where the network may cost money', () => {
    expect(whySpare(network(true, false), null)).toBe('saves-data');
    expect(whySpare(network(false, true), null)).toBe('cellular');
    expect(whySpare(network(false, false), 'cellular')).toBeNull();
    expect(whySpare({ battery: null, network: null }, null)).toBeNull();
  });

  it('and its person is told why', () => {
    expect(sparingSentence('battery', battery(0.134))).toMatch(/^Paused: the battery is at 13 % and is not charging\./);
    expect(sparingSentence('saves-data', network(true, false))).toMatch(/^Paused: .* save data/);
    expect(sparingSentence('cellular', network(false, true))).toMatch(/^Paused: .* mobile network/);
  });

  it('by what its browser tells, and hears of changes', async () => {
    const power = Object.assign(new EventTarget(), { level: 0.5, charging: false });
    const connection = Object.assign(new EventTarget(), { saveData: false, type: 'wifi' });
    const source = await browserConditions({ getBattery: async () => power, connection });
    let changes = 0;
    source.onChange(() => changes++);
    expect(whySpare(source.current(), null)).toBeNull();
    power.level = 0.11;
    power.dispatchEvent(new Event('levelchange'));
    expect(whySpare(source.current(), null)).toBe('battery');
    power.charging = true;
    power.dispatchEvent(new Event('chargingchange'));
    connection.type = 'cellular';
    connection.dispatchEvent(new Event('change'));
    expect(whySpare(source.current(), 'battery')).toBe('cellular');
    expect(changes).toBe(3);
    // Browsers that tell nothing, and those that refuse to.
    expect((await browserConditions({})).current()).toEqual({ battery: null, network: null });
    const refuses = { getBattery: () => Promise.reject(new Error('not allowed')) };
    expect((await browserConditions(refuses)).current().battery).toBeNull();
  });
});

describe('a page wakes up', () => {
  it('and says whether the link is to be renewed', () => {
    const visible: { visibilityState: DocumentVisibilityState } = { visibilityState: 'visible' };
    const document = Object.assign(new EventTarget(), visible);
    const window = new EventTarget();
    const connection = Object.assign(new EventTarget(), { type: 'wifi' });
    const heard: Wake[] = [];
    const stop = onPageWake({ document, window, connection }, (wake) => heard.push(wake));
    const after = (target: EventTarget, event: Event) => {
      target.dispatchEvent(event);
      return heard.splice(0);
    };
    expect(after(document, new Event('resume'))).toEqual(['renew']);
    expect(after(document, new Event('freeze'))).toEqual([]);
    expect(after(document, new Event('visibilitychange'))).toEqual(['hurry']);
    document.visibilityState = 'hidden';
    expect(after(document, new Event('visibilitychange'))).toEqual([]);
    expect(after(window, new Event('online'))).toEqual(['renew']);
    expect(after(window, Object.assign(new Event('pageshow'), { persisted: false }))).toEqual([]);
    expect(after(window, Object.assign(new Event('pageshow'), { persisted: true }))).toEqual(['renew']);
    // Another speed is no other network.
    expect(after(connection, new Event('change'))).toEqual([]);
    connection.type = 'cellular';
    expect(after(connection, new Event('change'))).toEqual(['renew']);
    connection.type = 'none';
    expect(after(connection, new Event('change'))).toEqual([]);
    stop();
    expect(after(window, new Event('online'))).toEqual([]);
  });

  it('is told from a timer that is a little late', () => {
    const clock = new HandClock();
    let nowMs = 1000;
    const slept: number[] = [];
    const stop = detectSleep(
      (seconds) => slept.push(seconds),
      clock,
      () => nowMs,
    );
    const pass = (seconds: number) => {
      nowMs += seconds * 1000;
      clock.pass();
    };
    pass(5);
    pass(19);
    expect(slept).toEqual([]);
    pass(95);
    pass(5);
    expect(slept).toEqual([90]);
    stop();
    pass(95);
    expect(slept).toEqual([90]);
  });
});

describe('renewed links', () => {
  it('lose the one that is there, and hurry who waits', async () => {
    const lost: number[] = [];
    let opened = 0;
    const links = new RenewedLinks(async () => {
      const number = opened++;
      const frames = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) });
      const silent = { send: () => undefined, hasRoom: true, onRoom: () => undefined, frames, close: () => undefined };
      return { ...silent, lose: () => lost.push(number) };
    });
    let hurries = 0;
    const stop = links.onHurry(() => hurries++);
    links.renew();
    expect([lost, hurries]).toEqual([[], 1]);
    await links.connect(null);
    await links.connect(null);
    links.hurry();
    links.renew();
    // The one from before may still be there.
    expect([lost, hurries]).toEqual([[1, 0], 3]);
    stop();
    links.hurry();
    expect(hurries).toBe(3);
  });
});
