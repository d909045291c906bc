/**
 * One end of a simulated TCP connection, behind the Connection port.
 *
 * Invariants, as in the real binding: `closed` is told once and last; every write is released once; nothing is told within
 * a call of the owner's; no bytes come while reading is paused, though an end or a reset with nothing before it is noticed.
 * An owner without `ended` is closed at the peer's end.
 */

import type { CloseReason, Connection, ConnectionEvents } from '../../wire/base/env';
import type { Link } from './link';
import type { NetHost } from './net-host';
import type { CoreConnection, NetworkCore } from './network-core';
import type { Owner } from './owner';
import type { Pipe, PipeEnd } from './pipe';
import type { SimProcess } from './process';

export interface EndpointAddress {
  readonly host: NetHost;
  readonly port: number;
}

export class SimConnection implements Connection, CoreConnection, PipeEnd {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localHost: string;
  readonly localPort: number;
  peer!: SimConnection;
  private events: ConnectionEvents | null = null;
  private isReadingPaused = false;
  private isClosing = false;
  private hasEnded = false;
  private hasFin = false;
  private hasPendingReset = false;
  /** The socket is gone: closed, or its process is. */
  private isSocketGone = false;
  /** The machine lost its power: it does not even say that the socket is gone, until it runs again. */
  hasVanished = false;

  constructor(
    private readonly core: NetworkCore,
    readonly ordinal: number,
    readonly owner: Owner,
    /** Null outside simulated processes. */
    readonly process: SimProcess | null,
    readonly local: EndpointAddress,
    remote: EndpointAddress,
    private readonly incoming: Pipe,
    private readonly outgoing: Pipe,
  ) {
    this.localHost = local.host.address;
    this.localPort = local.port;
    this.remoteHost = remote.host.address;
    this.remotePort = remote.port;
  }

  get label(): string {
    return `connection ${this.ordinal} of ${this.owner.name} to ${this.remoteHost}:${this.remotePort}`;
  }

  get bufferedBytes(): number {
    return this.outgoing.bufferedBytes;
  }

  get isUnreachable(): boolean {
    return this.isSocketGone;
  }

  write(chunks: readonly Uint8Array[], released?: () => void): boolean {
    if (this.process?.enter('send', this.remoteHost) === false) return true;
    if (this.isClosing || this.hasEnded) {
      if (released !== undefined) this.core.scheduler.at(0, this.owner, released);
      return true;
    }
    const isBelowMark = this.outgoing.write(chunks, released);
    if (this.hasPendingReset) this.close('reset');
    return isBelowMark;
  }

  pauseReading(): void {
    this.isReadingPaused = true;
  }

  resumeReading(): void {
    if (!this.isReadingPaused) return;
    this.isReadingPaused = false;
    if (this.hasPendingReset && !this.incoming.hasUnread) this.close('reset');
    else this.incoming.schedule();
  }

  end(): void {
    if (this.process?.enter('end', this.remoteHost) === false) return;
    if (this.isClosing || this.hasEnded) return;
    this.hasEnded = true;
    this.outgoing.end();
  }

  destroy(): void {
    if (this.process?.enter('destroy', this.remoteHost) === false) return;
    this.close('local');
  }

  /** @internal The owner may be told from now on. */
  start(events: ConnectionEvents): void {
    this.events = events;
    this.incoming.schedule();
  }

  /** @internal */
  mayReceive(isEnd: boolean): boolean {
    if (this.events === null || this.isClosing || this.isSocketGone) return false;
    return !this.isReadingPaused || isEnd;
  }

  /** @internal */
  deliver(slice: Uint8Array): void {
    this.events?.bytes(slice);
    if (this.hasPendingReset && !this.incoming.hasUnread) this.close('reset');
  }

  /** @internal */
  drained(): void {
    if (!this.isClosing) this.events?.drain();
  }

  /** @internal Everything written, and the end, has left. */
  flushed(): void {
    if (this.hasFin) this.close('fin');
  }

  /** @internal */
  finArrived(): void {
    this.hasFin = true;
    this.events?.ended?.();
    if (this.events?.ended === undefined || this.outgoing.isFlushed) this.close('fin');
  }

  /** @internal The peer's kernel says that there is no such connection. */
  resetArrived(): void {
    if (this.isClosing || this.isSocketGone) return;
    const maySee = !this.isReadingPaused || !this.incoming.hasUnread;
    if (maySee && (!this.incoming.hasUnread || this.core.random.chance(0.5))) this.close('reset');
    else this.hasPendingReset = true;
  }

  /** @internal Both ends know at once: a fault. */
  resetNow(): void {
    if (!this.isClosing && !this.isSocketGone) this.close('reset');
  }

  /** @internal */
  wayHealed(link: Link, cutAtMs: number): void {
    if (this.incoming.link === link) this.incoming.healed(cutAtMs);
  }

  /** @internal Whether something this end sent got lost with the other end's machine. */
  get hasLost(): boolean {
    return this.outgoing.hasLost;
  }

  /** @internal The process has ended: what its kernel had not accepted is gone. */
  abandon(): void {
    this.outgoing.dropWrites();
  }

  /** @internal The kernel closes the socket. */
  socketClosed(): void {
    if (this.isSocketGone) return;
    this.isSocketGone = true;
    this.core.socketGone(this);
    const isAbrupt = this.incoming.hasUnread;
    this.incoming.discard();
    this.outgoing.dropWrites();
    if (isAbrupt) this.core.sendReset(this);
    else this.outgoing.end();
  }

  /** @internal The machine has no power: nobody is told anything. */
  vanish(): void {
    if (this.isSocketGone) return;
    this.isSocketGone = true;
    this.hasVanished = true;
    this.core.socketGone(this);
    this.incoming.discard();
    this.outgoing.dropWrites();
    this.outgoing.discard();
  }

  private close(reason: CloseReason): void {
    if (this.isClosing) return;
    this.isClosing = true;
    if (reason === 'reset') {
      this.isSocketGone = true;
      this.core.socketGone(this);
      this.incoming.discard();
      this.outgoing.dropWrites();
    } else this.socketClosed();
    this.core.scheduler.at(0, this.owner, () => {
      this.outgoing.releaseAll();
      this.events?.closed(reason);
    });
  }
}
