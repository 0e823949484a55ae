import { describe, expect, it } from 'vitest';
import { faults } from './faults.js';
import { outcomeOf } from './broken.js';

/** The first seed of each fault; `npm run campaign:broken` tries more. */
describe('what is broken is refused with a sentence that says what and where', () => {
  it.each(Object.entries(faults))('%s', async (name, fault) => {
    const { refusal, wrong } = await outcomeOf(name, fault, 0);
    expect(wrong, `seed 0: ${refusal?.line ?? ''}`).toBeUndefined();
  });
});
