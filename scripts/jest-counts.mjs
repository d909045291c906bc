/** node scripts/jest-counts.mjs REPORT: prints how many tests passed, failed and were skipped, of jest's --json report. */
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const suite of report.testResults) {
  for (const { status, fullName, failureMessages } of suite.assertionResults) {
    if (status === 'failed') console.error(`failed: ${fullName}\n${failureMessages.join('\n').slice(0, 4000)}`);
    if (status === 'pending') console.error(`skipped: ${fullName}`);
  }
  if (suite.status === 'failed' && suite.assertionResults.length === 0)
    console.error(`failed: ${suite.name}\n${suite.message}`);
}
const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
console.log(`${report.numPassedTests} ${failed} ${report.numPendingTests + report.numTodoTests}`);
