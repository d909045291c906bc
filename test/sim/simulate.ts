/**
 * npm run simulate -- [--seconds N] [--seeds N] [--seed S] [--enumerate] [--scenario NAME] [--mutant NAME|all|scripted|list]
 *                         [--failures DIRECTORY] [--from SEED] [--workers N] [--max-failures N]
 *
 * Plays every scenario: first the kept failures, then seed after seed, or with --enumerate calm schedules with a kill before
 * each port call. Ends with 1 when something failed, or when a counter that a scenario promises stayed at zero. A failing
 * schedule is shrunk and kept in test/sim/failures. --mutant plants a known bug, and succeeds only when it is found. --workers
 * shares the seeds among N processes.
 */

import { runCommand } from './harness/command';

void runCommand(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
