/** Every scenario that `npm run simulate` plays. */

import type { Scenario } from '../harness/scenario';
import { singleBroker } from './broker/single-broker';
import { cluster } from './cluster/cluster';
import { scripts } from './cluster/cluster-scripts';
import { mirror } from './mirror/mirror';
import { partitionLog } from './partition-log';
import { quorum } from './quorum/quorum';

export const scenarios: readonly Scenario[] = [partitionLog, singleBroker, quorum, cluster, scripts, mirror];
