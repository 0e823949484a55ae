import { describe, expect, it } from 'vitest';
import { outcomeOf } from './broken.js';
import { faults } from './faults.js';

/** `npm run campaign:broken [seeds]`: each fault with so many seeds. */
const seeds = Number(process.env.TANDEM_SEEDS ?? 3);

describe.each(Object.entries(faults))('%s', (name, fault) => {
  it.each(Array.from({ length: seeds }, (_, seed) => seed))('seed %d', async (seed) => {
    const { refusal, wrong } = await outcomeOf(name, fault, seed);
    if (refusal && process.env.TANDEM_SHOW) console.log(`${name}, seed ${seed}: ${refusal.line}`);
    expect(wrong, `seed ${seed}: ${refusal?.line ?? ''}`).toBeUndefined();
  });
});
