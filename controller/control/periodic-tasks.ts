/**
 * What the active controller does by the clock: NoOp records, fencing of silent brokers, elections.
 *
 * A timer that fires late means that this process stood still: nobody's heartbeat could have been read meanwhile, so the
 * delay is credited to every session, and before anybody is fenced two more turns pass in which queued heartbeats are read.
 */
import type { Clock, TimerHandle, Timers } from '../../wire/base/env';
import { metadataRecord } from '../metadata/records';
import { fenceStaleBroker } from './brokers';
import type { ControllerShell } from './controller-shell';
import { balanceLeaders, electUncleanLeaders } from './elections';

export interface PeriodicTasksConfig {
  /** metadata.max.idle.interval.ms; 0: no NoOp records. */
  readonly noOpIntervalMs: number;
  /** How often sessions are looked at: an eighth of the shortest, as in Kafka. */
  readonly fenceIntervalMs: number;
  /** auto.leader.rebalance.enable and leader.imbalance.check.interval.seconds; 0: never. */
  readonly balanceIntervalMs: number;
  /** unclean.leader.election.interval.ms; 0: never. */
  readonly uncleanElectionIntervalMs: number;
}

const FULL_ROUND_DELAY_MS = 10;

export class PeriodicTasks {
  private readonly handles = new Map<string, TimerHandle>();

  constructor(
    private readonly shell: ControllerShell,
    private readonly config: PeriodicTasksConfig,
    private readonly clock: Clock,
    private readonly timers: Timers,
  ) {}

  /** Starts all of them, or stops all of them. */
  setActive(isActive: boolean): void {
    for (const handle of this.handles.values()) handle.cancel();
    this.handles.clear();
    if (!isActive) return;
    this.every('noOp', this.config.noOpIntervalMs, () => this.writeNoOp());
    this.every('fence', this.config.fenceIntervalMs, (lateMs) => this.fenceStale(lateMs));
    this.every('balance', this.config.balanceIntervalMs, () => this.elect('balance', balanceLeaders));
    this.every('unclean', this.config.uncleanElectionIntervalMs, () => this.elect('unclean', electUncleanLeaders));
  }

  /** `run` gets by how much it is late. */
  private every(name: string, intervalMs: number, run: (lateMs: number) => void): void {
    if (intervalMs <= 0) return;
    const dueMs = this.clock.monotonicMs() + intervalMs;
    this.after(name, intervalMs, () => {
      this.every(name, intervalMs, run);
      run(this.clock.monotonicMs() - dueMs);
    });
  }

  private after(name: string, delayMs: number, run: () => void): void {
    this.handles.set(name, this.timers.set(delayMs, run));
  }

  private writeNoOp(): void {
    const noOp = metadataRecord('NoOpRecord', 0, {});
    this.shell.write('noOp', () => ({ records: [noOp], response: null }), ignore, false);
  }

  private fenceStale(lateMs: number): void {
    const heartbeats = this.shell.activeCore?.state.heartbeats;
    if (heartbeats === undefined) return;
    if (lateMs > this.config.fenceIntervalMs / 2) heartbeats.creditStall(lateMs);
    if (heartbeats.stalestBroker(this.clock.monotonicMs()) === null) return;
    this.timers.soon(() => this.timers.soon(() => this.fenceAll()));
  }

  /** One at a time: each fencing may move leaders to the next. */
  private fenceAll(): void {
    const nowMs = this.clock.monotonicMs();
    let fenced: number | null = null;
    for (;;) {
      const stalest = this.shell.activeCore?.state.heartbeats.stalestBroker(nowMs) ?? null;
      // Who is still there after its write was refused: it is tried again with the next period, not at once for ever.
      if (stalest === null || stalest === fenced) return;
      fenced = stalest;
      this.shell.write('fence', (core) => fenceStaleBroker(core, nowMs), ignore);
    }
  }

  private elect(name: string, round: typeof balanceLeaders): void {
    let isFull = false;
    this.shell.write(
      name,
      (core) => {
        const result = round(core);
        isFull = result.response;
        return result;
      },
      ignore,
    );
    if (isFull) this.after(`${name}Again`, FULL_ROUND_DELAY_MS, () => this.elect(name, round));
  }
}

function ignore(): void {
  // A task that was refused comes again with its next period.
}
