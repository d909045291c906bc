/**
 * A simulated world: one seed, one scheduler, one network, any number of hosts. Everything that a process of it does goes
 * through the Env that it is started with.
 *
 * Requiring this file has no effects, and it needs no native code and no flags. It is passive: it moves only while `run` is
 * called from a macrotask (see `inMacrotask`), or `runAwaiting` is awaited. The same seed and the same code give the same
 * `trace.hash`.
 */

import type { Env } from '../../log/env';
import type { Crc32c } from '../../wire/base/env';
import { SimClock, SimTimers } from './clock';
import { createCrc32c } from './crc32c';
import { SimDiskPort } from './disk-port';
import type { SimHost } from './host';
import { LogRing, SimLogger } from './logger';
import type { Owner } from './owner';
import type { LossMode } from './power-loss';
import { SimProcess } from './process';
import { SimRandom } from './random';
import { assertDrains, createDrain, inMacrotask, run } from './runner';
import type { RunEnd, RunLimits } from './runner';
import { Scheduler } from './scheduler';
import { SimDisk } from './sim-disk';
import type { SimDiskOptions } from './sim-disk';
import { SimNetwork } from './sim-network';
import { Trace } from './trace';
import { SimViolation } from './violation';
import { SimWorkers } from './workers';
import type { WorkerJobs } from './workers';

export interface SimWorldOptions {
  readonly seed: number | string;
  /** Side jobs that processes may run, by name. */
  readonly jobs?: WorkerJobs;
  readonly crc32c?: Crc32c;
  /** Log lines kept for each process. Default 500. */
  readonly maxLogLines?: number;
  /** Keep the trace's last lines as text: slow, to find where two runs part. */
  readonly traceLines?: number;
}

/** A process and what its ports are made of. */
export interface RunningProcess {
  readonly process: SimProcess;
  readonly host: SimHost;
  readonly env: Env;
  readonly log: LogRing;
}

/** What a process does first; it may go on asynchronously. */
export type Main = (env: Env) => void | Promise<void>;

export class SimWorld {
  readonly seed: string;
  readonly trace = new Trace();
  readonly scheduler: Scheduler;
  readonly network: SimNetwork;
  /** Owner of what scenarios and nemeses plan. */
  readonly owner: Owner;
  /** Everything found that must not happen, first to last. */
  readonly violations: SimViolation[] = [];
  private readonly drain = createDrain();
  private readonly hosts = new Map<string, SimHost>();
  private readonly latest = new Map<string, RunningProcess>();
  private readonly killPlans = new Map<string, number>();
  private readonly streams = new Map<string, SimRandom>();
  private readonly crc32c: Crc32c;
  private hasProbed = false;

  constructor(private readonly options: SimWorldOptions) {
    this.seed = String(options.seed);
    if (options.traceLines !== undefined) this.trace.keepLines(options.traceLines);
    this.scheduler = new Scheduler({
      drain: this.drain,
      trace: this.trace,
      threw: (owner, error) => this.threw(owner, error),
    });
    this.owner = this.scheduler.createOwner('world');
    this.crc32c = options.crc32c ?? createCrc32c();
    this.network = new SimNetwork(this.scheduler, this.trace, this.random('network'), (v) => this.report(v));
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  /** The stream of chance of one concern of the scenario's. */
  random(concern: string): SimRandom {
    const known = this.streams.get(concern);
    if (known !== undefined) return known;
    const stream = new SimRandom(`${this.seed}/${concern}`);
    this.streams.set(concern, stream);
    return stream;
  }

  /** The host of that name, made at first use. */
  host(name: string, disk: SimDiskOptions = {}): SimHost {
    const known = this.hosts.get(name);
    if (known !== undefined) return known;
    const host: SimHost = {
      name,
      disk: new SimDisk(name, this.random(`disk/${name}`), disk),
      net: this.network.addHost(name),
      wall: { offsetMs: 0, drift: 0 },
    };
    this.hosts.set(name, host);
    return host;
  }

  /** Starts a process on `host`; `main` runs as its first event. One life of a name at a time. */
  start(host: SimHost, name: string, main: Main): RunningProcess {
    const former = this.latest.get(name);
    if (former !== undefined && !former.process.isDead) throw new Error(`${name} is still running`);
    if (!host.net.isUp) throw new Error(`${host.name} has no power`);
    // A process is started anew when the former one has been reaped, and its sockets closed.
    if (former !== undefined) this.network.reap(former.host.net, former.process);
    const running = this.createProcess(host, name, (former?.process.incarnation ?? 0) + 1);
    this.latest.set(name, running);
    this.scheduler.at(0, running.process.owner, () => this.runMain(running, main));
    return running;
  }

  /** The latest life of a process. */
  running(name: string): RunningProcess {
    const running = this.latest.get(name);
    if (running === undefined) throw new Error(`no such process: ${name}`);
    return running;
  }

  /** Plans that the next life of `name` (or its present one, which counts from its start) dies before its k-th port call. */
  killBeforeCall(name: string, k: number): void {
    const running = this.latest.get(name);
    if (running !== undefined && !running.process.isDead) running.process.killBeforeCall(k);
    else this.killPlans.set(name, k);
  }

  /** Effectful port calls that the latest life of `name` has made. */
  callCount(name: string): number {
    return this.running(name).process.callCount;
  }

  /** kill -9. */
  kill(name: string): void {
    this.running(name).process.end('killed');
  }

  /** SIGSTOP, or an event loop that is blocked. */
  pause(name: string): void {
    this.scheduler.pause(this.running(name).process.owner);
  }

  resume(name: string): void {
    this.scheduler.resume(this.running(name).process.owner);
  }

  /** The host's power goes: its processes, its sockets without a word, and what its disk had not synced. */
  powerLoss(host: SimHost, mode?: LossMode): LossMode {
    this.network.powerOff(host.net);
    for (const running of this.latest.values()) if (running.host === host) running.process.end('killed');
    const drawn = host.disk.losePower(mode);
    this.trace.note('power', this.nowMs, host.name.length, drawn.length, 0);
    return drawn;
  }

  /** The power is back; processes can be started. */
  powerOn(host: SimHost): void {
    this.network.powerOn(host.net);
  }

  /** Runs until a limit is met. Throws the first violation found, or what a process threw. */
  run(limits: RunLimits = {}): RunEnd {
    this.probe();
    // Rejections that nobody handles are told within the drain, while it is known whose they are.
    const rejected = (error: unknown): void => {
      const owner = this.scheduler.current;
      if (owner === null || !owner.isDead) this.threw(owner ?? this.owner, error);
    };
    process.on('unhandledRejection', rejected);
    try {
      return run(this.scheduler, { ...limits, afterEvent: () => this.afterEvent(limits) });
    } finally {
      process.off('unhandledRejection', rejected);
    }
  }

  private afterEvent(limits: RunLimits): void {
    if (this.violations.length > 0) throw this.violations[0];
    limits.afterEvent?.();
  }

  /** As `run`, from anywhere, giving way to real work whenever somebody holds the clock. */
  async runAwaiting(limits: RunLimits = {}): Promise<RunEnd> {
    for (;;) {
      const end = await inMacrotask(() => this.run(limits));
      if (end !== 'held') return end;
    }
  }

  /** Something that must never happen did. `run` ends with the first. */
  report(violation: SimViolation): void {
    this.violations.push(violation);
  }

  private createProcess(host: SimHost, name: string, incarnation: number): RunningProcess {
    const owner = this.scheduler.createOwner(name);
    const report = (violation: SimViolation): void => this.report(violation);
    const stop = (): void => this.scheduler.kill(owner);
    const process = new SimProcess(name, owner, incarnation, stop, report, () => this.scheduler.executed);
    const plan = this.killPlans.get(name);
    if (plan !== undefined) process.killBeforeCall(plan);
    this.killPlans.delete(name);
    const log = new LogRing(this.options.maxLogLines ?? 500);
    return { process, host, log, env: this.createEnv(host, process, log) };
  }

  private createEnv(host: SimHost, process: SimProcess, log: LogRing): Env {
    const { scheduler, trace, network, crc32c } = this;
    const stream = (concern: string): SimRandom => this.random(`${process.name}#${process.incarnation}/${concern}`);
    const clock = new SimClock(scheduler, process, host.wall, stream('clock').spread(1000, 1_000_000));
    const report = (violation: SimViolation): void => this.report(violation);
    return {
      clock,
      timers: new SimTimers(scheduler, process),
      random: stream,
      network: network.port(host.net, process),
      disk: new SimDiskPort(host.disk, process, { scheduler, trace, report, wallMs: () => clock.wallMs() }),
      workers: new SimWorkers(scheduler, process, stream('workers'), this.options.jobs ?? {}),
      process: process.control(),
      logger: new SimLogger(log, () => scheduler.nowMs),
      crc32c,
    };
  }

  private runMain(running: RunningProcess, main: Main): void {
    const failed = (error: unknown): void => {
      if (!running.process.isDead) this.threw(running.process.owner, error);
    };
    void Promise.resolve(main(running.env)).catch(failed);
  }

  /** An error that nobody caught ends the process, and is a violation. */
  private threw(owner: Owner, error: unknown): void {
    const running = [...this.latest.values()].find((candidate) => candidate.process.owner === owner);
    if (running !== undefined) {
      running.process.crash = error;
      running.process.end('crashed');
    }
    const text = String((error as { stack?: unknown } | null)?.stack ?? error);
    this.report(error instanceof SimViolation ? error : new SimViolation(`${owner.name} threw: ${text}`));
  }

  private probe(): void {
    if (!this.hasProbed) assertDrains(this.drain);
    this.hasProbed = true;
  }
}
