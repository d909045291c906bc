/** A simulated machine: a disk, an address, a wall clock, and the processes that run on it. */

import type { WallClock } from './clock';
import type { NetHost } from './net-host';
import type { SimDisk } from './sim-disk';

export interface SimHost {
  readonly name: string;
  readonly disk: SimDisk;
  readonly net: NetHost;
  readonly wall: WallClock;
}
