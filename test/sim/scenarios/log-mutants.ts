/** Bugs that the scenario `partition-log` must find. */

import type { Mutant } from '../harness/mutant';

export const logMutants: readonly Mutant[] = [];
