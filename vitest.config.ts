import { defineConfig } from 'vitest/config';
import { builtFiles } from './test/helpers/built-files.js';

/** Tests that start browsers or processes of their own, and wait for them more than they compute. */
const outside = [
  'test/browser/**/*.test.ts',
  'test/e2e/**/*.test.ts',
  'test/cli/**/*.test.ts',
  'test/deploy/**/*.test.ts',
  'test/packing/**/*.test.ts',
  'test/docs/{examples,examples-run}.test.ts',
  'test/data/{adult,large-table}.test.ts',
  'test/simulator/compare.test.ts',
];

/** Tests that choose what the whole process computes on: before each file it is set back. */
const computing = [
  'test/engine/**/*.test.ts',
  'test/broken/**/*.test.ts',
  'test/conformance/**/*.test.ts',
  'test/simulator/matrix.test.ts',
];

/** Tests of what a process has that loaded nothing else: all layers, all kernels. */
const alone = ['test/engine/layers.test.ts', 'test/engine/other-copy.test.ts'];

/** Loading the libraries anew for each file would take a third of the time. */
const together = { isolate: false };

export default defineConfig({
  plugins: builtFiles.plugins,
  test: {
    server: builtFiles.server,
    // One a core: the browsers and processes that tests start need room beside them.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'dist/test-report.json' }]] : ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'inside', include: ['test/**/*.test.ts'], exclude: [...outside, ...computing], ...together },
      },
      {
        extends: true,
        test: {
          name: 'computing',
          include: computing,
          exclude: alone,
          setupFiles: ['test/helpers/own-backend.ts'],
          ...together,
        },
      },
      { extends: true, test: { name: 'alone', include: alone } },
      // A browser or a process that shares its core may take three times as long.
      {
        extends: true,
        test: { name: 'outside', include: outside, testTimeout: 180_000, hookTimeout: 180_000, ...together },
      },
    ],
  },
});
