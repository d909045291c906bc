/**
 * One life of a simulated process: the gate through which every effectful port call goes.
 *
 * Invariant: once the process is dead nothing it calls changes the world. A kill can be set before its k-th port call, so
 * that a scenario can be run again for every k. Code that was running when its process died goes on to the end of its
 * turn; its ports answer as if all were well, and a bound on its calls finds loops that would never end.
 */

import type { ProcessControl } from '../../wire/base/env';
import type { Owner } from './owner';
import { SimViolation } from './violation';
import type { ReportViolation } from './violation';

/** More port calls than this after death are taken for a loop. */
export const MAX_CALLS_AFTER_DEATH = 10_000;
/** More port calls than this in one event, too. */
const MAX_CALLS_PER_EVENT = 1_000_000;

export type ProcessState = 'running' | 'killed' | 'exited' | 'crashed';

/** Thrown by `exit`, which never returns. */
export class SimExit extends Error {
  override readonly name = 'SimExit';
}

export class SimProcess {
  state: ProcessState = 'running';
  exitCode: number | null = null;
  exitWhy = '';
  /** What the process was about to do when it was killed before a port call. */
  killedBefore = '';
  /** The error that ended it. */
  crash: unknown = null;
  private calls = 0;
  private killAt = Infinity;
  private callsAfterDeath = 0;
  private event = 0;
  private callsInEvent = 0;
  private readonly endings: (() => void)[] = [];

  constructor(
    readonly name: string,
    readonly owner: Owner,
    /** Which life of this name, from 1. */
    readonly incarnation: number,
    private readonly stop: (process: SimProcess) => void,
    private readonly report: ReportViolation,
    /** Events that the world has run: to tell turns apart. */
    private readonly eventCount: () => number,
  ) {}

  get isDead(): boolean {
    return this.state !== 'running';
  }

  /** Effectful port calls so far: those that can change the disk or reach the network. */
  get callCount(): number {
    return this.calls;
  }

  /** Dies instead of making its `k`-th effectful port call, counted from 1 over all ports. */
  killBeforeCall(k: number): void {
    this.killAt = k;
  }

  /** Asked before each effectful port call; false when the call must have no effect. */
  enter(operation: string, subject: string): boolean {
    if (this.isDead) {
      this.countAfterDeath();
      return false;
    }
    this.countInEvent();
    this.calls++;
    if (this.calls !== this.killAt) return true;
    this.killedBefore = `${operation} ${subject}`;
    this.end('killed');
    return false;
  }

  /** Asked before a port call that changes nothing; false when the process is dead. */
  observe(): boolean {
    if (this.isDead) {
      this.countAfterDeath();
      return false;
    }
    this.countInEvent();
    return true;
  }

  /** How often the dead process has called its ports. */
  get afterlife(): number {
    return this.callsAfterDeath;
  }

  /** Runs once when the process has ended, for whatever reason. */
  onEnd(run: () => void): void {
    this.endings.push(run);
  }

  end(state: Exclude<ProcessState, 'running'>): void {
    if (this.isDead) return;
    this.state = state;
    this.stop(this);
    for (const run of this.endings) run();
  }

  control(): ProcessControl {
    return {
      pid: this.owner.id + 100,
      exit: (code: number, why: string): never => {
        if (!this.isDead) {
          this.exitCode = code;
          this.exitWhy = why;
          this.end('exited');
        }
        throw new SimExit(`exit ${code}: ${why}`);
      },
    };
  }

  private countInEvent(): void {
    const event = this.eventCount();
    if (event !== this.event) this.callsInEvent = 0;
    this.event = event;
    if (++this.callsInEvent > MAX_CALLS_PER_EVENT) this.violate(`called its ports ${this.callsInEvent} times in one turn: a loop?`);
  }

  private countAfterDeath(): void {
    this.callsAfterDeath++;
    if (this.callsAfterDeath > MAX_CALLS_AFTER_DEATH) this.violate(`called its ports ${this.callsAfterDeath} times after its death: a loop?`);
  }

  private violate(what: string): never {
    const violation = new SimViolation(`${this.name} ${what}`);
    this.report(violation);
    throw violation;
  }
}
