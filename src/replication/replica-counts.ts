/** How the partitions of a broker are doing, counted when somebody asks. Names after Kafka's metrics of ReplicaManager. */
import type { Partition } from './partition';

export interface ReplicaCounts {
  readonly partitions: number;
  readonly leaders: number;
  /** Led here, with an ISR smaller than the replicas. */
  readonly underReplicated: number;
  /** Led here, with an ISR smaller than min.insync.replicas. */
  readonly underMinIsr: number;
  readonly atMinIsr: number;
  /** In a log directory that has failed. */
  readonly offline: number;
}

export function countReplicas(partitions: Iterable<Partition>): ReplicaCounts {
  const counts = { partitions: 0, leaders: 0, underReplicated: 0, underMinIsr: 0, atMinIsr: 0, offline: 0 };
  for (const { core, log } of partitions) {
    counts.partitions++;
    if (core.role === 'offline') counts.offline++;
    if (core.role !== 'leading') continue;
    counts.leaders++;
    const needed = Math.min(log.config.minInsyncReplicas, core.replicas.length);
    if (core.isr.length < core.replicas.length) counts.underReplicated++;
    if (core.isr.length < needed) counts.underMinIsr++;
    else if (core.isr.length === needed) counts.atMinIsr++;
  }
  return counts;
}
