import { describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { TestTimer, testLine, type TestProgress } from '../../shared/test-progress.js';
import { Site } from '../entry/site.js';
import { tinyData } from '../helpers/tiny-task.js';

const site = new Site();

describe('a test of the model', () => {
  it('says how far it is and how long the rest takes, by the rate so far', () => {
    let nowMs = 1000;
    const timer = new TestTimer(() => nowMs);
    timer.begin(1300);
    expect(testLine(timer.add(0))).toBe('testing: 0 of 1,300 samples');
    nowMs += 4000;
    expect(testLine(timer.add(325))).toBe('testing: 325 of 1,300 samples, about 12 s left');
    nowMs += 1000;
    expect(testLine(timer.add(5000))).toBe('testing: 1,300 of 1,300 samples');
    timer.begin(7);
    expect(timer.add(0)).toEqual({ done: 0, total: 7, secondsLeft: null });
  });

  it('tells the client of each batch, and the server of as many samples', async () => {
    const server = await site.open({ epochs: 1 });
    const told: TestProgress[] = [];
    const onTesting = (progress: TestProgress) => void told.push(progress);
    for await (const _ of join(server.url, { data: tinyData(), loadedEngine: site.engine, onTesting }));
    await server.finished;
    expect(told.map(({ done, total }) => [done, total])).toEqual([
      [0, 13],
      [7, 13],
      [13, 13],
    ]);
    // A page counts on while the model is tested.
    const sent = told.map(({ bytes }) => bytes?.sent ?? NaN);
    expect(sent[0]).toBeGreaterThan(0);
    expect(sent[2]).toBeGreaterThan(sent[0] ?? NaN);
    const tested = site.events.flatMap((event) => (event.kind === 'evaluated' ? [event.samples] : []));
    expect(tested).toEqual([7, 6]);
  });
});
