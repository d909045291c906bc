/** A broker that can be measured: started on an empty directory, ended, forgotten. */

export interface Target {
  readonly name: string;
  /** For the columns of a table. */
  readonly title: string;
  start(settings: StartSettings): Promise<RunningTarget>;
}

export interface StartSettings {
  /** In front of the command: taskset and its arguments. */
  readonly prefix: readonly string[];
  /** Where a CPU profile goes; only Moldau writes one. */
  readonly profileDir: string | null;
}

export interface RunningTarget {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  /** From the start of the process until its first acked record. */
  readonly startToAckMs: number;
  isRunning(): boolean;
  /** The end of what it wrote to standard error. */
  errors(): string;
  /** Ends the process and removes its directory. */
  stop(): Promise<void>;
}

/**
 * What both brokers are started with, beside their own defaults: one node; the offsets topic small; retention that looks every
 * second and deletes at once, so that windows of any length fit the page cache.
 */
export const SAME_SETTINGS: Readonly<Record<string, string>> = {
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'log.retention.check.interval.ms': '1000',
  'log.initial.task.delay.ms': '1000',
  'log.segment.delete.delay.ms': '1000',
};

export const HOST = '127.0.0.1';
