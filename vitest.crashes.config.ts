import { defineConfig } from 'vitest/config';
import { builtFiles } from './test/helpers/built-files.js';
import { CrashReport } from './test/resume/crash-report.js';

/** One a core. */
const PARTS = 2;

/** One in so many crashes is tried, by a seed that is the day's where none is given: who checks often comes by all of them. */
const sample = {
  share: Number(process.env.TANDEM_SHARE ?? 1),
  seed: process.env.TANDEM_SEED ?? new Date().toISOString().slice(0, 10),
};

/** `npm run crashes`: every crash, in parts that run beside each other; `npm run crashes:sample`: one in 24 of them. */
export default defineConfig({
  test: {
    projects: Array.from({ length: PARTS }, (_, part) => ({
      plugins: builtFiles.plugins,
      test: {
        server: builtFiles.server,
        name: `part ${part + 1} of ${PARTS}`,
        include: ['test/resume/every-crash.ts'],
        env: {
          TANDEM_PART: String(part),
          TANDEM_PARTS: String(PARTS),
          TANDEM_SHARE: String(sample.share),
          TANDEM_SEED: sample.seed,
        },
        // Thousands of worlds are thrown away: more room for the young ones, and the collector has little to move.
        execArgv: ['--max-semi-space-size=64'],
        // A setting has hundreds of crashes.
        testTimeout: 3_600_000,
      },
    })),
    maxWorkers: PARTS,
    reporters: [
      'verbose',
      ...(process.env.CI ? [['json', { outputFile: 'dist/crashes-report.json' }] as ['json', object]] : []),
      new CrashReport(PARTS, sample),
    ],
  },
});
