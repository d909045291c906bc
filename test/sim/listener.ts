/** A bound port of a simulated host. It lives in the kernel: it accepts while its process is paused. */

import type { Listener } from '../../wire/base/env';
import type { BoundPort, NetHost } from './net-host';
import type { Owner } from './owner';
import type { SimProcess } from './process';
import type { Scheduler } from './scheduler';

export class SimListener implements Listener, BoundPort {
  readonly host: string;

  constructor(
    private readonly scheduler: Scheduler,
    readonly netHost: NetHost,
    host: string,
    readonly port: number,
    readonly owner: Owner,
    /** Null for a listener that belongs to no simulated process. */
    readonly process: SimProcess | null,
    readonly accept: BoundPort['accept'],
  ) {
    this.host = host === '' ? netHost.address : host;
  }

  close(): Promise<void> {
    if (this.process?.enter('closeListener', this.host) !== false) this.unbind();
    return new Promise((resolve) => {
      this.scheduler.at(0, this.owner, resolve);
    });
  }

  /** @internal */
  unbind(): void {
    if (this.netHost.listeners.get(this.port) === this) this.netHost.listeners.delete(this.port);
  }
}
