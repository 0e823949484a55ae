// Names each test that did not pass, then prints the totals of vitest's JSON reports as the last line; fails when one
// is missing or a test did not pass.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const totals = process.argv.slice(2).map(totalsOf);
const sum = (values) => values.reduce((total, value) => total + value, 0);
const [passed, failed] = [sum(totals.map((one) => one.passed)), sum(totals.map((one) => one.failed))];
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** A report that is missing, cannot be read or has no test in it is a failure. */
function totalsOf(file) {
  const missing = (why) => {
    console.log(`${file} ${why}`);
    return { passed: 0, failed: 1 };
  };
  if (!existsSync(file)) return missing('is missing');
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return missing('is no report');
  }
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests: skipped = 0, success } = report;
  if (passed + failed + skipped === 0) return missing('has no tests');
  for (const suite of report.testResults ?? []) nameWhatDidNotPass(suite);
  // With CI=true a skipped test is a missing piece.
  return { passed, failed: failed + skipped + (success || failed > 0 ? 0 : 1) };
}

/** What a person looks for first stands last, where a shortened log still has it. */
function nameWhatDidNotPass({ name, message, assertionResults = [] }) {
  const file = relative(process.cwd(), name ?? 'a file without a name');
  if (message) console.log(`${file}: ${message}`);
  for (const { status, fullName, duration = 0, failureMessages = [] } of assertionResults) {
    if (status === 'passed') continue;
    const why = failureMessages.map((text) => text.slice(0, 2000)).join('\n');
    console.log(`${status}: ${file} > ${fullName} (${Math.round(duration)} ms)${why && `\n${why}`}`);
  }
}
