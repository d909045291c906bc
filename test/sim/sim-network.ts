/**
 * The simulated network: hosts by name, connections, and the faults that a scenario or nemesis asks for. Processes reach it
 * through a port each (`SimNetworkPort`); clients outside of all simulated processes through `dial`.
 */

import { BindError } from '../../wire/base/env';
import type { ConnectFailure, Connection, ConnectionEvents, Listener, Network } from '../../wire/base/env';
import { Links } from './link';
import type { Link } from './link';
import { SimListener } from './listener';
import { createNetHost, takePort } from './net-host';
import type { BoundPort, NetHost } from './net-host';
import { NetworkCore } from './network-core';
import type { Owner } from './owner';
import { Pipe } from './pipe';
import type { SimProcess } from './process';
import type { SimRandom } from './random';
import type { Scheduler } from './scheduler';
import { SimConnection } from './sim-connection';
import type { Trace } from './trace';
import type { ReportViolation } from './violation';

const LOCAL_NAMES = new Set(['localhost', '127.0.0.1', '::1', '']);
/** How long the kernel takes to close the sockets of a process that was killed. */
const CLOSE_DELAY_MS: readonly [number, number] = [0.5, 200];
const FIRST_RETRY_MS = 1000;

/** Who dials: where from, and through which gate. */
interface Caller {
  readonly owner: Owner;
  readonly process: SimProcess | null;
  readonly host: NetHost;
}

type Done = (result: Connection | ConnectFailure) => void;

/** One attempt to connect. */
interface Attempt {
  readonly caller: Caller;
  readonly target: NetHost;
  readonly port: number;
  readonly events: ConnectionEvents;
  readonly done: Done;
  /** The event that gives up. */
  timeout: number;
  isOver: boolean;
}

export class SimNetwork {
  /** Where clients are that belong to no host. */
  readonly outside: NetHost;
  readonly core: NetworkCore;
  private readonly live = new Set<SimConnection>();
  private readonly hosts = new Map<string, NetHost>();
  private readonly homes = new Map<Owner, NetHost>();
  private readonly refused = new Set<string>();
  private readonly unresolved = new Set<string>();
  private connections = 0;

  constructor(
    private readonly scheduler: Scheduler,
    trace: Trace,
    private readonly random: SimRandom,
    report: ReportViolation,
  ) {
    this.core = new NetworkCore(scheduler, trace, random, new Links(random), report, scheduler.createOwner('kernel'));
    this.core.socketGone = (connection) => {
      if (this.live.delete(connection as SimConnection)) connection.local.host.connections--;
    };
    this.outside = this.addHost('outside');
  }

  addHost(name: string): NetHost {
    const count = this.hosts.size + 1;
    const host = createNetHost(name, `10.0.${count >> 8}.${count & 255}`);
    this.hosts.set(name, host);
    return host;
  }

  host(name: string): NetHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no such host: ${name}`);
    return host;
  }

  /** The Network port of a process on `host`. */
  port(host: NetHost, process: SimProcess): Network {
    const caller = { owner: process.owner, process, host };
    process.onEnd(() => this.processEnded(host, process));
    return {
      listen: (name, port, accept) => this.listen(caller, name, port, accept),
      connect: (name, port, timeoutMs, events, done) => {
        if (process.enter('connect', name)) this.connect(caller, name, port, timeoutMs, events, done);
      },
    };
  }

  /** Connections of `owner` start at `host` from now on, rather than outside. */
  settle(owner: Owner, host: NetHost): void {
    this.homes.set(owner, host);
  }

  /** Connects from outside of all simulated processes. */
  dial(owner: Owner, host: string, port: number, events: ConnectionEvents, done: Done, timeoutMs = 30_000): void {
    const caller = { owner, process: null, host: this.homes.get(owner) ?? this.outside };
    this.connect(caller, host, port, timeoutMs, events, done);
  }

  /** Binds a port outside of all simulated processes: a fake server of a test's. */
  listenAs(owner: Owner, host: NetHost, port: number, accept: BoundPort['accept']): Promise<Listener> {
    return this.listen({ owner, process: null, host }, '', port, accept);
  }

  /** Nothing passes from `a` to `b` any more; nor back, unless `oneWay`. */
  cut(a: string, b: string, oneWay = false): void {
    for (const link of this.ways(a, b, oneWay)) link.cutAtMs ??= this.scheduler.nowMs;
  }

  heal(a: string, b: string, oneWay = false): void {
    for (const link of this.ways(a, b, oneWay)) this.healLink(link);
  }

  healAll(): void {
    for (const link of this.core.links.all()) this.healLink(link);
  }

  /** Cuts `name` off from every other host (and from the clients outside, unless they are spared). */
  isolate(name: string, spareClients = false): void {
    for (const other of this.hosts.keys()) {
      if (other !== name && !(spareClients && other === 'outside')) this.cut(name, other);
    }
  }

  /** Sets the delay of both directions. */
  setDelay(a: string, b: string, delayMs: readonly [number, number]): void {
    for (const link of this.ways(a, b, false)) link.delayMs = delayMs;
  }

  setBandwidth(a: string, b: string, bytesPerMs: number): void {
    for (const link of this.ways(a, b, false)) link.bytesPerMs = bytesPerMs;
  }

  /** Resets the connections between two hosts that `which` picks. Both ends are told. Returns how many. */
  reset(a: string, b: string, which: (connection: SimConnection) => boolean = () => true): number {
    let count = 0;
    for (const connection of [...this.live]) {
      const ends = [connection.local.host.name, connection.peer.local.host.name];
      if (!(ends.includes(a) && ends.includes(b)) || !which(connection)) continue;
      connection.resetNow();
      connection.peer.resetNow();
      count++;
    }
    return count;
  }

  /** Connections to this host and port are refused, listener or not, until `allow`. */
  refuse(host: string, port: number): void {
    this.refused.add(`${host}:${port}`);
  }

  allow(host: string, port: number): void {
    this.refused.delete(`${host}:${port}`);
  }

  /** The name has no address, until it is known again. */
  forgetName(host: string): void {
    this.unresolved.add(host);
  }

  rememberName(host: string): void {
    this.unresolved.delete(host);
  }

  /** Live connections, both ends counted. */
  get liveConnections(): number {
    return this.live.size;
  }

  /** @internal The machine loses its power. */
  powerOff(host: NetHost): void {
    host.isUp = false;
    host.listeners.clear();
    for (const connection of [...this.live]) if (connection.local.host === host) connection.vanish();
  }

  /** @internal It runs again; peers that still send to its former connections are reset. */
  powerOn(host: NetHost): void {
    host.isUp = true;
    for (const connection of this.live) {
      const { peer } = connection;
      const isOrphan = peer.hasVanished && peer.local.host === host;
      if (isOrphan && connection.hasLost) this.core.sendReset(peer);
    }
  }

  private listen(caller: Caller, name: string, port: number, accept: BoundPort['accept']): Promise<Listener> {
    if (caller.process?.enter('listen', name) === false) return new Promise(() => {});
    const { host, owner, process } = caller;
    const isTaken = host.listeners.has(port);
    const listener = new SimListener(this.scheduler, host, name, port === 0 ? takePort(host) : port, owner, process, accept);
    if (!isTaken) host.listeners.set(listener.port, listener);
    return new Promise((resolve, reject) => {
      this.scheduler.at(0, owner, () => {
        if (isTaken) reject(new BindError('EADDRINUSE', `port ${port} of ${host.name} is taken`));
        else resolve(listener);
      });
    });
  }

  private resolve(name: string, from: NetHost): NetHost | null {
    if (this.unresolved.has(name)) return null;
    if (LOCAL_NAMES.has(name)) return from;
    const byName = this.hosts.get(name);
    if (byName !== undefined) return byName;
    for (const host of this.hosts.values()) if (host.address === name) return host;
    return null;
  }

  private connect(caller: Caller, name: string, port: number, timeoutMs: number, events: ConnectionEvents, done: Done): void {
    const target = this.resolve(name, caller.host);
    const failLater = (delayMs: number, why: ConnectFailure): void => {
      this.scheduler.at(delayMs, caller.owner, () => done(why));
    };
    if (target === null) return failLater(this.random.spread(0.1, 5), 'unresolved');
    if (caller.host.connections >= caller.host.maxConnections) return failLater(0, 'limit');
    const attempt: Attempt = { caller, target, port, events, done, timeout: 0, isOver: false };
    attempt.timeout = this.scheduler.timer(timeoutMs, caller.owner, () => this.finish(attempt, 'timeout'));
    this.knock(attempt, `${name}:${port}`, FIRST_RETRY_MS);
  }

  /** Sends the first packet, again and again while it gets lost. */
  private knock(attempt: Attempt, address: string, retryMs: number): void {
    const { caller, target } = attempt;
    const there = this.core.links.between(caller.host, target);
    const back = this.core.links.between(target, caller.host);
    const delayMs = this.core.links.drawDelayMs(there);
    this.core.later(delayMs, () => {
      if (attempt.isOver || caller.owner.isDead) return;
      if (!target.isUp || there.cutAtMs !== null || back.cutAtMs !== null) {
        this.core.later(retryMs, () => this.knock(attempt, address, retryMs * 2));
        return;
      }
      const listener = target.listeners.get(attempt.port);
      const backMs = this.core.links.drawDelayMs(back);
      const isRefused = listener === undefined || this.refused.has(address) || target.connections >= target.maxConnections;
      if (isRefused) this.scheduler.at(backMs, caller.owner, () => this.finish(attempt, 'refused'));
      else this.establish(attempt, listener, there, back, backMs);
    });
  }

  private finish(attempt: Attempt, result: Connection | ConnectFailure): void {
    if (attempt.isOver) return;
    attempt.isOver = true;
    this.scheduler.cancel(attempt.timeout);
    attempt.done(result);
  }

  private establish(attempt: Attempt, listener: BoundPort, there: Link, back: Link, backMs: number): void {
    const { caller, target, port } = attempt;
    const outward = this.pipe(there);
    const inward = this.pipe(back);
    const ends = [{ host: caller.host, port: takePort(caller.host) }, { host: target, port }] as const;
    const client = this.endpoint(caller.owner, caller.process, ends[0], ends[1], inward, outward);
    const server = this.endpoint(listener.owner, listener.process, ends[1], ends[0], outward, inward);
    outward.from = inward.to = client;
    outward.to = inward.from = server;
    client.peer = server;
    server.peer = client;
    this.scheduler.at(0, listener.owner, () => {
      if (!server.isUnreachable) server.start(listener.accept(server));
    });
    this.scheduler.at(backMs, caller.owner, () => {
      if (attempt.isOver || client.isUnreachable) {
        client.socketClosed();
        this.finish(attempt, 'reset');
        return;
      }
      this.finish(attempt, client);
      client.start(attempt.events);
    });
  }

  private pipe(link: Link): Pipe {
    return new Pipe(this.core, link, this.random.between(16, 512) * 1024, this.random.between(16, 64) * 1024);
  }

  private endpoint(
    owner: Owner,
    process: SimProcess | null,
    local: { host: NetHost; port: number },
    remote: { host: NetHost; port: number },
    incoming: Pipe,
    outgoing: Pipe,
  ): SimConnection {
    const connection = new SimConnection(this.core, this.connections++, owner, process, local, remote, incoming, outgoing);
    this.live.add(connection);
    local.host.connections++;
    return connection;
  }

  private *ways(a: string, b: string, oneWay: boolean): Generator<Link> {
    yield this.core.links.between(this.host(a), this.host(b));
    if (!oneWay) yield this.core.links.between(this.host(b), this.host(a));
  }

  private healLink(link: Link): void {
    const { cutAtMs } = link;
    if (cutAtMs === null) return;
    link.cutAtMs = null;
    for (const connection of this.live) connection.wayHealed(link, cutAtMs);
  }

  /** The kernel closes what a dead process had open, a little later; after a loss of power there is no kernel. */
  private processEnded(host: NetHost, process: SimProcess): void {
    for (const connection of this.live) if (connection.process === process) connection.abandon();
    this.core.later(this.random.spread(CLOSE_DELAY_MS[0], CLOSE_DELAY_MS[1]), () => this.reap(host, process));
  }

  /** @internal The kernel has closed everything of a dead process: its ports are free. Happens by itself after a while. */
  reap(host: NetHost, process: SimProcess): void {
    for (const listener of [...host.listeners.values()]) if (listener.process === process) listener.unbind();
    for (const connection of [...this.live]) if (connection.process === process) connection.socketClosed();
  }
}
