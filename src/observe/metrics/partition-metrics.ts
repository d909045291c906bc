/**
 * The partitions of this broker. What kafka_exporter says of a partition, its leader says here, under the same name: over all
 * brokers each is said once. What Kafka's Log and ReplicaManager beans say, every replica says.
 *
 * One walk over the partitions makes columns, in slices; then each family is a walk over a column.
 */
import { labelText, type MetricFamily } from '../../../wire/metrics/metric-family';
import type { MetricsSource } from '../../../wire/metrics/metrics-registry';
import type { MetricsWriter } from '../../../wire/metrics/metrics-text';
import type { Partition } from '../../replication/partition';
import type { ReplicaManager } from '../../replication/replica-manager';

const LABELS = ['topic', 'partition'];
const gauge = (name: string, help: string, kafka: string, labels: readonly string[] = []): MetricFamily => ({ name, type: 'gauge', help, kafka, labels });
const replicaManager = (name: string): string => `kafka.server:type=ReplicaManager,name=${name}`;

const COUNTS = {
  partitions: gauge('kafka_server_replicamanager_partitioncount', 'Replicas on this broker', replicaManager('PartitionCount')),
  leaders: gauge('kafka_server_replicamanager_leadercount', 'Of these, led here', replicaManager('LeaderCount')),
  underReplicated: gauge(
    'kafka_server_replicamanager_underreplicatedpartitions',
    'Led here, with fewer replicas in sync than there are',
    replicaManager('UnderReplicatedPartitions'),
  ),
  underMinIsr: gauge(
    'kafka_server_replicamanager_underminisrpartitioncount',
    'Led here, with fewer in sync than min.insync.replicas: acks=all is refused',
    replicaManager('UnderMinIsrPartitionCount'),
  ),
  atMinIsr: gauge(
    'kafka_server_replicamanager_atminisrpartitioncount',
    'Led here, with just min.insync.replicas in sync',
    replicaManager('AtMinIsrPartitionCount'),
  ),
  offline: gauge('kafka_server_replicamanager_offlinereplicacount', 'In a log directory that has failed', replicaManager('OfflineReplicaCount')),
} as const;

/** A value of one partition; null: this broker says nothing of it. */
type Column = readonly [family: MetricFamily, read: (partition: Partition) => number | null];

const ofLeader = (read: (partition: Partition) => number) => (partition: Partition) =>
  partition.core.role === 'leading' ? read(partition) : null;

const COLUMNS: readonly Column[] = [
  [
    gauge('kafka_topic_partition_current_offset', 'Where consumers find the next record: the high watermark', 'kafka_exporter', LABELS),
    ofLeader(({ log }) => log.highWatermark),
  ],
  [gauge('kafka_topic_partition_oldest_offset', 'The first offset that is still there', 'kafka_exporter', LABELS), ofLeader(({ log }) => log.logStartOffset)],
  [gauge('kafka_topic_partition_leader', 'Id of the broker that leads', 'kafka_exporter', LABELS), ofLeader(({ core }) => core.leaderId)],
  [gauge('kafka_topic_partition_replicas', 'Replicas that there are to be', 'kafka_exporter', LABELS), ofLeader(({ core }) => core.replicas.length)],
  [gauge('kafka_topic_partition_in_sync_replica', 'Replicas in sync', 'kafka_exporter', LABELS), ofLeader(({ core }) => core.isr.length)],
  [
    gauge('kafka_topic_partition_under_replicated_partition', '1 with fewer replicas in sync than there are', 'kafka_exporter', LABELS),
    ofLeader(({ core }) => (core.isr.length < core.replicas.length ? 1 : 0)),
  ],
  [gauge('kafka_log_log_size', 'Bytes of the replica here', 'kafka.log:type=Log,name=Size,topic=*,partition=*', LABELS), ({ log }) => log.sizeBytes],
  [
    gauge('kafka_log_log_numlogsegments', 'Segments of the replica here', 'kafka.log:type=Log,name=NumLogSegments,topic=*,partition=*', LABELS),
    ({ log }) => log.segments.length,
  ],
];

/** Partitions between two looks at the time. */
const STRETCH = 64;

export class PartitionMetrics implements MetricsSource {
  readonly families = [...Object.values(COUNTS), ...COLUMNS.map(([family]) => family)];
  /** The labels of a partition are always the same, and dear to build. */
  private readonly labels = new WeakMap<Partition, string>();

  constructor(private readonly replicas: Pick<ReplicaManager, 'all' | 'counts'>) {}

  *collect(out: MetricsWriter): Iterable<void> {
    const counts = this.replicas.counts();
    for (const [name, family] of Object.entries(COUNTS)) {
      out.begin(family);
      out.add('', counts[name as keyof typeof COUNTS]);
    }
    yield;
    const partitions = [...this.replicas.all];
    const labels: string[] = [];
    for (const partition of partitions) {
      labels.push(this.labelsOf(partition));
      if (labels.length % STRETCH === 0) yield;
    }
    for (const [family, read] of COLUMNS) {
      out.begin(family);
      for (let i = 0; i < partitions.length; i++) {
        const value = read(partitions[i] as Partition);
        if (value !== null) out.add(labels[i] as string, value);
        if (i % STRETCH === 0) yield;
      }
    }
  }

  private labelsOf(partition: Partition): string {
    const known = this.labels.get(partition);
    if (known !== undefined) return known;
    const { topic, partition: index } = partition.log.topicPartition;
    const text = labelText({ topic, partition: index });
    this.labels.set(partition, text);
    return text;
  }
}
