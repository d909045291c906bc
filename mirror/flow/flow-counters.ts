/** What a flow has done and how far behind it is, in numbers: for metrics, status and tests. Plain counters. */
import type { Copied, CopyEvents, FlowPartition, PartitionLag, Trouble } from './flow-partition';

export interface PartitionCounters {
  readonly partition: FlowPartition;
  records: number;
  bytes: number;
  lag: PartitionLag;
  /** Of the newest record copied, milliseconds since the epoch; -1 before the first. */
  lastTimestampMs: number;
  gaps: number;
  trouble: Trouble | null;
}

const UNKNOWN: PartitionLag = { sourceLogStartOffset: -1, sourceEndOffset: -1, position: -1 };

export class FlowCounters implements CopyEvents {
  records = 0;
  bytes = 0;
  gaps = 0;
  /** How often records were found on the target that the flow had not written. */
  foreignWrites = 0;
  /** One partition comes again and again, and is the same object then. */
  private seen = new WeakMap<FlowPartition, PartitionCounters>();
  readonly partitions = new Map<string, PartitionCounters>();

  copied({ partition, records, bytes, maxTimestampMs }: Copied): void {
    const counters = this.of(partition);
    this.records += records;
    this.bytes += bytes;
    counters.records += records;
    counters.bytes += bytes;
    counters.lastTimestampMs = maxTimestampMs;
  }

  lag(partition: FlowPartition, lag: PartitionLag): void {
    this.of(partition).lag = lag;
  }

  trouble(partition: FlowPartition, trouble: Trouble): void {
    const counters = this.of(partition);
    if (trouble.kind === 'gap') {
      this.gaps++;
      counters.gaps++;
      return;
    }
    if (trouble.kind === 'foreign-write') this.foreignWrites++;
    counters.trouble = trouble;
  }

  recovered(partition: FlowPartition): void {
    this.of(partition).trouble = null;
  }

  forget({ targetTopic, partition }: FlowPartition): void {
    this.seen = new WeakMap();
    this.partitions.delete(`${targetTopic}:${partition}`);
  }

  private of(partition: FlowPartition): PartitionCounters {
    const seen = this.seen.get(partition);
    if (seen !== undefined) return seen;
    const found = this.find(partition);
    this.seen.set(partition, found);
    return found;
  }

  private find(partition: FlowPartition): PartitionCounters {
    const key = `${partition.targetTopic}:${partition.partition}`;
    const known = this.partitions.get(key);
    if (known !== undefined) return known;
    const fresh = { partition, records: 0, bytes: 0, lag: UNKNOWN, lastTimestampMs: -1, gaps: 0, trouble: null };
    this.partitions.set(key, fresh);
    return fresh;
  }
}
