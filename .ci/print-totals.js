// Prints the totals of vitest's JSON report as the last line; fails when there is none or a test did not pass.
import { existsSync, readFileSync } from 'node:fs';

const file = process.argv[2];
if (!existsSync(file)) {
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const { numPassedTests, numFailedTests, numPendingTests, success } = JSON.parse(readFileSync(file, 'utf8'));
// With CI=true a skipped test is a missing piece.
const failed = numFailedTests + numPendingTests + (success || numFailedTests > 0 ? 0 : 1);
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(failed === 0 && numPassedTests > 0 ? 0 : 1);
