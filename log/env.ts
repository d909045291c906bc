import type { PoolMemory } from '../wire/base/buffer-pool';
import type { BaseEnv } from '../wire/base/env';
import type { Disk, Workers } from './disk';

/** All ports together: what a broker starts from, real or simulated. */
export interface Env extends BaseEnv {
  readonly disk: Disk;
  readonly workers: Workers;
  /** Page-aligned memory for bytes in transit; the heap where it is left out. */
  readonly memory?: PoolMemory;
}
