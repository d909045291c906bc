/** Every scenario that `npm run simulate` plays. */

import type { Scenario } from '../harness/scenario';
import { partitionLog } from './partition-log';

export const scenarios: readonly Scenario[] = [partitionLog];
