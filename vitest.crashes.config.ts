import { defineConfig } from 'vitest/config';
import { CrashReport } from './test/resume/crash-report.js';

/** One a core. */
const PARTS = 2;

/** `npm run crashes`: every crash, in parts that run beside each other. */
export default defineConfig({
  test: {
    projects: Array.from({ length: PARTS }, (_, part) => ({
      test: {
        name: `part ${part + 1} of ${PARTS}`,
        include: ['test/resume/every-crash.ts'],
        env: { TANDEM_PART: String(part), TANDEM_PARTS: String(PARTS) },
        // Thousands of worlds are thrown away: more room for the young ones, and the collector has little to move.
        execArgv: ['--max-semi-space-size=64'],
        testTimeout: 600_000,
      },
    })),
    maxWorkers: PARTS,
    reporters: [
      'verbose',
      ...(process.env.CI ? [['json', { outputFile: 'dist/crashes-report.json' }] as ['json', object]] : []),
      new CrashReport(PARTS),
    ],
  },
});
