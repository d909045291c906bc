/**
 * A net.Socket as far as clients use one, over the simulated network: so unmodified client code, which is given a socket
 * factory, talks to simulated brokers. What arrives is copied, since clients keep slices.
 */

import { EventEmitter } from 'node:events';
import type { CloseReason, ConnectFailure, Connection } from '../../wire/base/env';
import type { Owner } from './owner';
import type { Scheduler } from './scheduler';
import type { SimNetwork } from './sim-network';

type WriteDone = (error?: Error) => void;

export interface SimSocketTarget {
  readonly host: string;
  readonly port: number;
  readonly onConnect?: () => void;
}

/** Makes sockets that belong to `owner` and are connected through `network`, as kafkajs's `socketFactory` wants them. */
export function createSocketFactory(network: SimNetwork, scheduler: Scheduler, owner: Owner): (target: SimSocketTarget) => SimSocket {
  return (target) => new SimSocket(network, scheduler, owner, target);
}

const ERROR_CODES: Readonly<Record<ConnectFailure, string>> = {
  refused: 'ECONNREFUSED',
  unreachable: 'EHOSTUNREACH',
  unresolved: 'ENOTFOUND',
  timeout: 'ETIMEDOUT',
  reset: 'ECONNRESET',
  limit: 'EMFILE',
};

export class SimSocket extends EventEmitter {
  connecting = true;
  destroyed = false;
  remoteAddress: string | undefined;
  remotePort: number | undefined;
  private connection: Connection | null = null;
  /** Written before the connection was there. */
  private early: { bytes: Uint8Array; done: WriteDone | undefined }[] = [];
  private isEnded = false;
  private idleTimeoutMs = 0;
  private idleTimer = 0;

  constructor(
    network: SimNetwork,
    private readonly scheduler: Scheduler,
    private readonly owner: Owner,
    target: SimSocketTarget,
  ) {
    super();
    if (target.onConnect !== undefined) this.once('connect', target.onConnect);
    const events = {
      bytes: (slice: Uint8Array) => this.received(slice),
      drain: () => void this.emit('drain'),
      ended: () => this.peerEnded(),
      closed: (reason: CloseReason) => this.closed(reason),
    };
    network.dial(owner, target.host, target.port, events, (result) => this.dialled(result, target));
  }

  get writable(): boolean {
    return !this.destroyed && !this.isEnded;
  }

  get bytesBuffered(): number {
    return this.connection?.bufferedBytes ?? 0;
  }

  write(data: Uint8Array | string, encodingOrDone?: BufferEncoding | WriteDone, done?: WriteDone): boolean {
    const encoding = typeof encodingOrDone === 'string' ? encodingOrDone : 'utf8';
    const bytes = typeof data === 'string' ? Buffer.from(data, encoding) : Uint8Array.from(data);
    const whenDone = typeof encodingOrDone === 'function' ? encodingOrDone : done;
    if (!this.writable) {
      this.later(() => whenDone?.(new Error('write after end')));
      return false;
    }
    this.touch();
    if (this.connection === null) {
      this.early.push({ bytes, done: whenDone });
      return false;
    }
    return this.connection.write([bytes], () => whenDone?.());
  }

  end(data?: Uint8Array | string, encoding?: BufferEncoding): this {
    if (data !== undefined) this.write(data, encoding);
    this.isEnded = true;
    this.connection?.end();
    return this;
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.connecting = false;
    if (error !== undefined) this.later(() => this.emit('error', error));
    if (this.connection === null) this.later(() => this.emit('close', error !== undefined));
    else this.connection.destroy();
    return this;
  }

  pause(): this {
    this.connection?.pauseReading();
    return this;
  }

  resume(): this {
    this.connection?.resumeReading();
    return this;
  }

  setTimeout(timeoutMs: number, run?: () => void): this {
    this.idleTimeoutMs = timeoutMs;
    if (run !== undefined) this.once('timeout', run);
    this.touch();
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  private dialled(result: Connection | ConnectFailure, target: SimSocketTarget): void {
    this.connecting = false;
    if (typeof result === 'string') {
      if (!this.destroyed) this.fail(ERROR_CODES[result], `connect ${ERROR_CODES[result]} ${target.host}:${target.port}`);
      return;
    }
    this.connection = result;
    this.remoteAddress = result.remoteHost;
    this.remotePort = result.remotePort;
    if (this.destroyed) return result.destroy();
    for (const { bytes, done } of this.early) result.write([bytes], () => done?.());
    this.early = [];
    if (this.isEnded) result.end();
    this.touch();
    this.emit('connect');
    this.emit('ready');
  }

  private received(slice: Uint8Array): void {
    this.touch();
    this.emit('data', Buffer.from(slice));
  }

  private peerEnded(): void {
    this.emit('end');
    // As net.Socket without allowHalfOpen.
    if (!this.isEnded) this.end();
  }

  private closed(reason: CloseReason): void {
    this.scheduler.cancel(this.idleTimer);
    if (reason === 'reset' || reason === 'timeout') {
      this.fail(ERROR_CODES[reason], `read ${ERROR_CODES[reason]}`);
      return;
    }
    this.destroyed = true;
    this.emit('close', false);
  }

  private fail(code: string, message: string): void {
    this.destroyed = true;
    this.emit('error', Object.assign(new Error(message), { code }));
    this.emit('close', true);
  }

  private touch(): void {
    this.scheduler.cancel(this.idleTimer);
    if (this.idleTimeoutMs > 0 && !this.destroyed) {
      this.idleTimer = this.scheduler.timer(this.idleTimeoutMs, this.owner, () => void this.emit('timeout'));
    }
  }

  private later(run: () => void): void {
    this.scheduler.at(0, this.owner, run);
  }
}
