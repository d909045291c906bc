/** What a load counts while it runs, and how a window of it is read. */
import { cpuSeconds } from '../process-stat';

export interface Window {
  readonly seconds: number;
  readonly requests: number;
  readonly records: number;
  /** Bytes of whole batches, as they are on the wire. */
  readonly batchBytes: number;
  /** Of the broker's process or processes, null where /proc is missing. */
  readonly brokerCpuSeconds: number | null;
  /** Of the load generator's process, null for one that cannot be asked. */
  readonly clientCpuSeconds: number | null;
  /** The longest time in which a connection that waited for an answer received nothing; null when nobody watched. */
  readonly longestStallMs: number | null;
}

/** Counters that all connections of a load share; they only grow. */
export class Gauge {
  requests = 0;
  records = 0;
  batchBytes = 0;
  private windowStartMs = 0;
  private longestStallMs = 0;
  private readonly watches: StallWatch[] = [];

  watch(): StallWatch {
    const watch = new StallWatch(this);
    this.watches.push(watch);
    return watch;
  }

  /** @internal A gap between two reads of one connection; what lay before the window does not count. */
  noteGap(fromMs: number, toMs: number): void {
    const gapMs = toMs - Math.max(fromMs, this.windowStartMs);
    if (gapMs > this.longestStallMs) this.longestStallMs = gapMs;
  }

  /** Opens a window; the function that comes back closes it. */
  openWindow(brokerPids: readonly number[]): () => Window {
    const { requests, records, batchBytes } = this;
    const brokerCpu = cpuSecondsOfAll(brokerPids);
    const clientCpu = ownCpuSeconds();
    const startMs = performance.now();
    this.windowStartMs = startMs;
    this.longestStallMs = 0;
    return () => {
      const endMs = performance.now();
      for (const watch of this.watches) watch.closeAt(endMs);
      const brokerCpuEnd = cpuSecondsOfAll(brokerPids);
      return {
        seconds: (endMs - startMs) / 1000,
        requests: this.requests - requests,
        records: this.records - records,
        batchBytes: this.batchBytes - batchBytes,
        brokerCpuSeconds: brokerCpu === null || brokerCpuEnd === null ? null : brokerCpuEnd - brokerCpu,
        clientCpuSeconds: ownCpuSeconds() - clientCpu,
        longestStallMs: this.longestStallMs,
      };
    };
  }
}

/** One connection's reads. */
class StallWatch {
  private lastMs = performance.now();

  constructor(private readonly gauge: Gauge) {}

  received(): void {
    const nowMs = performance.now();
    this.gauge.noteGap(this.lastMs, nowMs);
    this.lastMs = nowMs;
  }

  /** A stall that still lasts when the window ends counts up to there. */
  closeAt(nowMs: number): void {
    this.gauge.noteGap(this.lastMs, nowMs);
  }
}

export type { StallWatch };

function cpuSecondsOfAll(pids: readonly number[]): number | null {
  let sum = 0;
  for (const pid of pids) {
    const seconds = cpuSeconds(pid);
    if (seconds === null) return null;
    sum += seconds;
  }
  return sum;
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
