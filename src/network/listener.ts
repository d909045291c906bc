/**
 * The broker's listeners: sockets that accept, and the connections that they brought.
 *
 * Invariants: a connection counts from its acceptance until it is told to be closed; after `stop` none is left.
 */
import { BufferPool, heapMemory } from '../../wire/base/buffer-pool';
import type { PoolMemory } from '../../wire/base/buffer-pool';
import type { BaseEnv, Connection, ConnectionEvents, Listener, TimerHandle } from '../../wire/base/env';
import type { InvariantViolation } from '../../wire/base/invariant';
import { FrameBudget } from '../../wire/frame-budget';
import type { ConnectionContext } from './connection';
import { ServerConnection } from './connection';
import type { ConnectionLimits } from './connection-limits';
import { ConnectionCount } from './connection-limits';
import { NetworkMetrics } from './network-metrics';
import { RequestMetrics } from './request-metrics';
import type { RequestHandler } from './request-handler';
import { TurnQueue } from './turn-queue';

export interface SocketServerOptions {
  readonly env: BaseEnv;
  readonly handler: RequestHandler;
  /** Where frames and responses in transit are kept; the heap without it, and beyond it. */
  readonly memory?: PoolMemory;
  /** socket.request.max.bytes */
  readonly maxRequestBytes: number;
  /** queued.max.request.bytes; what all unfinished requests may take. */
  readonly maxUnfinishedBytes: number;
  /** Read at each decision: these keys are dynamic. */
  readonly limits: ConnectionLimits;
  /** connections.max.idle.ms; negative is never. */
  readonly maxIdleMs: () => number;
  /** Requests of one connection that may be under way together, where their API allows it. */
  readonly maxOverlap: number;
  /** A broken invariant came to light while a request was handled: the broker must end. */
  readonly invariantBroken: (violation: InvariantViolation) => void;
}

/** Long enough not to matter, short against every timeout that it watches. */
const MAX_SWEEP_INTERVAL_MS = 5000;
const MIN_SWEEP_INTERVAL_MS = 20;

/** Ends a connection that is over a limit; nothing that it sends is looked at. */
const refusedEvents: ConnectionEvents = {
  bytes: () => undefined,
  drain: () => undefined,
  closed: () => undefined,
};

export class SocketServer {
  readonly metrics = new NetworkMetrics();
  readonly requests = new RequestMetrics();
  readonly #options: SocketServerOptions;
  readonly #context: ConnectionContext;
  readonly #count: ConnectionCount;
  readonly #listeners: Listener[] = [];
  readonly listenerNames: string[] = [];
  readonly #connections = new Set<ServerConnection>();
  #lastId = 0;
  #sweepTimer: TimerHandle | null = null;
  #stopped: Promise<void> | null = null;
  #emptied: (() => void) | null = null;

  constructor(options: SocketServerOptions) {
    const { env, handler, maxRequestBytes, maxOverlap, invariantBroken } = options;
    this.#options = options;
    this.#count = new ConnectionCount(options.limits);
    this.#context = {
      env,
      handler,
      pool: new BufferPool(options.memory ?? heapMemory),
      budget: new FrameBudget(options.maxUnfinishedBytes, maxRequestBytes),
      turns: new TurnQueue(env.timers),
      slices: new TurnQueue(env.timers, 1),
      metrics: this.metrics,
      requests: this.requests,
      invariantBroken,
      maxFrameBytes: maxRequestBytes,
      maxOverlap,
    };
  }

  get connections(): ReadonlySet<ServerConnection> {
    return this.#connections;
  }

  /** Begins to accept. Rejects with a BindError. */
  async listen(listenerName: string, host: string, port: number): Promise<Listener> {
    const { network, logger } = this.#options.env;
    const listener = await network.listen(
      host,
      port,
      (connection) => this.#accept(listenerName, connection),
      (why) => {
        this.metrics.acceptFailures += 1;
        logger.warn('a connection could not be accepted', { listenerName, why });
      },
    );
    this.#listeners.push(listener);
    this.listenerNames.push(listenerName);
    if (this.#stopped !== null) await listener.close();
    else if (this.#sweepTimer === null) this.#planSweep();
    return listener;
  }

  /**
   * Stops accepting, lets the requests that are under way be answered for at most `graceMs`, and ends all connections.
   * Resolves when none is left.
   */
  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    const closing = this.#listeners.map((listener) => listener.close());
    this.#sweepTimer?.cancel();
    for (const connection of [...this.#connections]) connection.drainAndEnd();
    const patience = this.#options.env.timers.set(graceMs, () => {
      for (const connection of [...this.#connections]) connection.destroy();
    });
    await Promise.all(closing);
    if (this.#count.total > 0) await new Promise<void>((resolve) => (this.#emptied = resolve));
    patience.cancel();
  }

  #accept(listenerName: string, connection: Connection): ConnectionEvents {
    const { remoteHost } = connection;
    if (this.#stopped !== null || !this.#count.tryAdd(remoteHost)) {
      this.metrics.connectionsRefused += 1;
      connection.destroy();
      return refusedEvents;
    }
    this.metrics.connectionsAccepted += 1;
    const accepted = new ServerConnection(connection, this.#context, {
      id: ++this.#lastId,
      listenerName,
      closed: (closed) => this.#forget(closed),
    });
    this.#connections.add(accepted);
    this.metrics.connections = this.#connections.size;
    return accepted;
  }

  #forget(connection: ServerConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.metrics.connections = this.#connections.size;
    this.#count.remove(connection.remoteHost);
    if (this.#count.total === 0) this.#emptied?.();
  }

  #planSweep(): void {
    const maxIdleMs = this.#options.maxIdleMs();
    const wantedMs = maxIdleMs > 0 ? maxIdleMs / 2 : MAX_SWEEP_INTERVAL_MS;
    const intervalMs = Math.min(MAX_SWEEP_INTERVAL_MS, Math.max(MIN_SWEEP_INTERVAL_MS, wantedMs));
    this.#sweepTimer = this.#options.env.timers.set(intervalMs, () => {
      const nowMs = this.#options.env.clock.monotonicMs();
      for (const connection of this.#connections) connection.sweep(nowMs, maxIdleMs);
      this.#planSweep();
    });
  }
}
