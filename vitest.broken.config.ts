import { defineConfig } from 'vitest/config';

/** `npm run campaign:broken`: everything broken that test/broken can make, each with `TANDEM_SEEDS` seeds. */
export default defineConfig({
  test: { include: ['test/broken/every-broken.ts'], testTimeout: 60_000, maxWorkers: 1 },
});
