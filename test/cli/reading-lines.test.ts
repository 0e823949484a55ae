import { expect, it } from 'vitest';
import { readingLines } from '../../cli/own/reading-lines.js';

it('says how far the reading has come, every five seconds', () => {
  let [now, said] = [0, ''];
  const tell = readingLines({ write: (text) => (said += text), now: () => now });
  for (; now < 12_000; now += 500) tell('reading a.csv', now / 12_000);
  expect(said).toBe('reading a.csv: 41 %\nreading a.csv: 83 %\n');
});
