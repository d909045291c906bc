/**
 * How far others are behind what this broker leads, by follower: over all partitions together, since thousands of series each
 * would say the same. Which partition it is, kafka_topic_partition_under_replicated_partition tells.
 */
import type { Clock } from '../../../wire/base/env';
import { LogStorageError } from '../../../log/log-error';
import { segmentIndexFor } from '../../../log/log-reader';
import type { PartitionLog } from '../../../log/partition-log';
import { labelText, type MetricFamily } from '../../../wire/metrics/metric-family';
import { type MetricsSource, numbers } from '../../../wire/metrics/metrics-registry';
import type { MetricsWriter } from '../../../wire/metrics/metrics-text';
import type { Partition } from '../../replication/partition';
import type { ReplicaManager } from '../../replication/replica-manager';

const LABELS = ['follower'];
const RECORDS: MetricFamily = {
  name: 'moldau_replication_lag_records',
  type: 'gauge',
  help: 'Records led here that a follower does not have yet',
  kafka: 'kafka.server:type=FetcherLagMetrics,name=ConsumerLag, which the follower has',
  labels: LABELS,
};
const BYTES: MetricFamily = { name: 'moldau_replication_lag_bytes', type: 'gauge', help: 'Bytes of them, to within 4 KB a partition', labels: LABELS };
const SECONDS: MetricFamily = {
  name: 'moldau_replication_lag_seconds',
  type: 'gauge',
  help: 'Longest time since a follower had everything of a partition; 0 when it has everything',
  labels: LABELS,
};
const counter = (name: string, help: string, kafka: string): MetricFamily => ({ name, type: 'counter', help, kafka });

interface Lag {
  records: number;
  bytes: number;
  seconds: number;
}

export function isrMetrics(replicas: ReplicaManager): MetricsSource {
  return numbers([
    [
      counter('kafka_server_replicamanager_isrshrinks_total', 'Times that a replica led here lost a member of its ISR', 'kafka.server:type=ReplicaManager,name=IsrShrinksPerSec'),
      () => replicas.isrChanges.shrinks,
    ],
    [
      counter('kafka_server_replicamanager_isrexpands_total', 'Times that one came back', 'kafka.server:type=ReplicaManager,name=IsrExpandsPerSec'),
      () => replicas.isrChanges.expands,
    ],
    [
      counter('kafka_server_replicamanager_failedisrupdates_total', 'Changes of an ISR that the controller refused', 'kafka.server:type=ReplicaManager,name=FailedIsrUpdatesPerSec'),
      () => replicas.isrChanges.failedUpdates,
    ],
  ]);
}

export class ReplicationLagMetrics implements MetricsSource {
  readonly families = [RECORDS, BYTES, SECONDS];
  private readonly startedMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly replicas: Pick<ReplicaManager, 'all'>,
  ) {
    this.startedMs = clock.monotonicMs();
  }

  *collect(out: MetricsWriter): Iterable<void> {
    const lags = new Map<number, Lag>();
    let seen = 0;
    for (const partition of this.replicas.all) {
      this.add(lags, partition);
      if (++seen % 64 === 0) yield;
    }
    const columns = [
      [RECORDS, 'records'],
      [BYTES, 'bytes'],
      [SECONDS, 'seconds'],
    ] as const;
    for (const [family, column] of columns) {
      out.begin(family);
      for (const [follower, lag] of lags) out.add(labelText({ follower }), lag[column]);
    }
    yield;
  }

  private add(lags: Map<number, Lag>, { core, log }: Partition): void {
    const { followerProgress: followers } = core;
    if (followers === null) return;
    const nowMs = this.clock.monotonicMs();
    for (let i = 0; i < followers.count; i++) {
      const id = followers.brokerIds[i] as number;
      const lag = lags.get(id) ?? { records: 0, bytes: 0, seconds: 0 };
      lags.set(id, lag);
      // One that has never asked has nothing, as far as this leader knows.
      const endOffset = Math.max(followers.endOffset(i), log.logStartOffset);
      if (endOffset >= log.logEndOffset) continue;
      lag.records += log.logEndOffset - endOffset;
      lag.bytes += bytesFrom(log, endOffset);
      lag.seconds = Math.max(lag.seconds, Math.min(followers.behindMs(i, log.logEndOffset, nowMs), nowMs - this.startedMs) / 1000);
    }
  }
}

function bytesFrom(log: PartitionLog, offset: number): number {
  const { segments } = log;
  const first = segmentIndexFor(segments, offset);
  let bytes = -positionIn(log, first, offset);
  for (let i = first; i < segments.length; i++) bytes += segments[i]?.sizeBytes ?? 0;
  return Math.max(0, bytes);
}

function positionIn(log: PartitionLog, index: number, offset: number): number {
  if (log.directoryState.isOffline) return 0;
  try {
    return log.guarded(() => log.segments[index]?.positionNear(offset) ?? 0);
  } catch (error) {
    // The directory's state has said what is wrong with it.
    if (error instanceof LogStorageError) return 0;
    throw error;
  }
}
