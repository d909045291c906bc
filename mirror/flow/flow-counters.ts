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
  private last: PartitionCounters | null = null;
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
    this.last = null;
    this.partitions.delete(`${targetTopic}:${partition}`);
  }

  private of(partition: FlowPartition): PartitionCounters {
    // One partition comes again and again, and is the same object then.
    if (this.last?.partition === partition) return this.last;
    return (this.last = this.find(partition));
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
