/** What all connections of one simulated network share. */

import type { Link, Links } from './link';
import type { NetHost } from './net-host';
import type { Owner } from './owner';
import type { SimRandom } from './random';
import type { Scheduler } from './scheduler';
import type { Trace } from './trace';
import type { ReportViolation } from './violation';

/** The window through which all bytes are delivered, as large as the broker's. */
export const WINDOW_BYTES = 128 * 1024;

/** An end of a connection, as far as the network looks at it. */
export interface CoreConnection {
  readonly local: { readonly host: NetHost };
  readonly peer: CoreConnection;
  resetArrived(): void;
}

export class NetworkCore {
  readonly window = new Uint8Array(WINDOW_BYTES);
  /** Told when an end's socket is no more. */
  socketGone: (connection: CoreConnection) => void = () => {};
  /** Chunks that are overwritten when they are released: those of a buffer pool, say. */
  ownsChunk: ((chunk: Uint8Array) => boolean) | null = null;
  private readonly resetting = new Set<CoreConnection>();

  constructor(
    readonly scheduler: Scheduler,
    readonly trace: Trace,
    readonly random: SimRandom,
    readonly links: Links,
    readonly report: ReportViolation,
    /** The kernels: never paused. */
    private readonly kernel: Owner,
  ) {}

  later(delayMs: number, run: () => void): void {
    this.scheduler.at(delayMs, this.kernel, run);
  }

  /** Tells the peer of `from` that the connection is no more. */
  sendReset(from: CoreConnection): void {
    this.resetAfterTravel(from.peer, this.links.between(from.local.host, from.peer.local.host));
  }

  /** Bytes reached a machine that knows of no such connection. */
  sentToNobody(from: CoreConnection, link: Link): void {
    this.resetAfterTravel(from, link);
  }

  private resetAfterTravel(target: CoreConnection, link: Link): void {
    if (this.resetting.has(target)) return;
    this.resetting.add(target);
    const attempt = (): void => {
      if (link.cutAtMs === null) {
        this.resetting.delete(target);
        target.resetArrived();
      } else this.later(200, attempt);
    };
    this.later(this.links.drawDelayMs(link), attempt);
  }
}
