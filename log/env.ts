import type { BaseEnv } from '../wire/base/env';
import type { Disk, Workers } from './disk';

/** All ports together: what a broker starts from, real or simulated. */
export interface Env extends BaseEnv {
  readonly disk: Disk;
  readonly workers: Workers;
}
