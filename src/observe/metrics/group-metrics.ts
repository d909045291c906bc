/**
 * Groups, and how far they are behind: said by the broker that coordinates the group, once in the cluster, under
 * kafka_exporter's names. Beside the records there are seconds: how long the next record that the group has to read has been
 * waiting, by its timestamp. Where this broker has a replica its log tells that; else the leader is asked where the partition
 * ends (`remote-ends.ts`), and the time follows from where it ended at earlier scrapes.
 *
 * Bounded: metrics.max.series rows; a timestamp that was looked up is kept until the group moves on.
 */
import type { Clock } from '../../../wire/base/env';
import { LogStorageError } from '../../../log/log-error';
import { timestampNear } from '../../../log/log-reader';
import { labelText, type MetricFamily } from '../../../wire/metrics/metric-family';
import type { MetricsSource } from '../../../wire/metrics/metrics-registry';
import type { MetricsWriter } from '../../../wire/metrics/metrics-text';
import { ClassicGroup } from '../../coordinator/group/classic-group';
import type { Group } from '../../coordinator/group/group';
import type { GroupCoordinator } from '../../coordinator/group/group-coordinator';
import type { OffsetTable } from '../../coordinator/group/offset-table';
import type { MetadataCache } from '../../metadata/metadata-cache';
import type { ReplicaManager } from '../../replication/replica-manager';
import type { RemoteEnds, RemotePartition } from './remote-ends';

const BY_PARTITION = ['consumergroup', 'topic', 'partition'];
const COMMITTED: MetricFamily = {
  name: 'kafka_consumergroup_current_offset',
  type: 'gauge',
  help: 'The offset that a group has committed',
  kafka: 'kafka_exporter',
  labels: BY_PARTITION,
};
const LAG: MetricFamily = {
  name: 'kafka_consumergroup_lag',
  type: 'gauge',
  help: 'Records between that and the end of the partition',
  kafka: 'kafka_exporter; records-lag of a consumer',
  labels: BY_PARTITION,
};
const LAG_SECONDS: MetricFamily = {
  name: 'moldau_consumergroup_lag_seconds',
  type: 'gauge',
  help: 'How long the next record that the group has to read has been waiting, by its timestamp; 0 when it has read everything',
  labels: BY_PARTITION,
};
const MEMBERS: MetricFamily = {
  name: 'kafka_consumergroup_members',
  type: 'gauge',
  help: 'Members of a group',
  kafka: 'kafka_exporter',
  labels: ['consumergroup'],
};
const GROUPS: MetricFamily = {
  name: 'moldau_groups',
  type: 'gauge',
  help: 'Groups coordinated here, by type and state',
  kafka: 'kafka.server:type=group-coordinator-metrics,name=group-count',
  labels: ['type', 'state'],
};

/** Rows between two looks at the time; each may cost a look at a file. */
const STRETCH = 32;
/** Rows that one refresh looks at for partitions elsewhere. */
const MAX_REMOTE_ROWS = 100_000;

export interface GroupMetricsParts {
  readonly clock: Clock;
  readonly groups: Pick<GroupCoordinator, 'active'>;
  readonly replicas: Pick<ReplicaManager, 'find'>;
  readonly metadata: Pick<MetadataCache, 'partition'>;
  readonly remote: RemoteEnds;
}

interface Row {
  readonly labels: string;
  readonly committed: number;
  /** Null: nobody knows where the partition ends. */
  readonly lag: number | null;
  readonly lagSeconds: number | null;
}

/** A lookup that holds as long as the group stays where it is. */
interface KnownTime {
  readonly committed: number;
  readonly writtenMs: number;
}

export class GroupMetrics implements MetricsSource {
  readonly families = [COMMITTED, LAG, LAG_SECONDS, MEMBERS, GROUPS];
  private known = new Map<string, KnownTime>();

  constructor(private readonly parts: GroupMetricsParts) {}

  prepare(): Promise<void> {
    const { replicas, metadata, remote } = this.parts;
    const wanted: RemotePartition[] = [];
    let looks = 0;
    for (const { committed } of this.parts.groups.active()) {
      for (let row = 0; row < committed.rowCount && looks < MAX_REMOTE_ROWS; row++, looks++) {
        if (!committed.isUsed(row)) continue;
        const topic = committed.topicOf(row);
        const partition = committed.partitionOf(row);
        if (replicas.find(topic, partition) !== undefined) continue;
        const leaderId = metadata.partition(topic, partition)?.leader ?? -1;
        if (leaderId >= 0) wanted.push({ topic, partition, leaderId });
      }
    }
    return remote.refresh(wanted);
  }

  *collect(out: MetricsWriter): Iterable<void> {
    const rows: Row[] = [];
    const known = new Map<string, KnownTime>();
    let leftOut = 0;
    let looks = 0;
    for (const { committed } of this.parts.groups.active()) {
      for (let row = 0; row < committed.rowCount; row++) {
        if (++looks % STRETCH === 0) yield;
        if (!committed.isUsed(row)) continue;
        if (rows.length < out.maxSeries) rows.push(this.rowOf(committed, row, known));
        else leftOut++;
      }
    }
    this.known = known;
    const columns: readonly (readonly [MetricFamily, (row: Row) => number | null])[] = [
      [COMMITTED, (row) => row.committed],
      [LAG, (row) => row.lag],
      [LAG_SECONDS, (row) => row.lagSeconds],
    ];
    for (const [family, read] of columns) {
      out.begin(family);
      out.leaveOut(leftOut);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as Row;
        const value = read(row);
        if (value !== null) out.add(row.labels, value);
        if (i % STRETCH === 0) yield;
      }
    }
    yield* this.collectGroups(out);
  }

  private rowOf(table: OffsetTable, row: number, known: Map<string, KnownTime>): Row {
    const topic = table.topicOf(row);
    const partition = table.partitionOf(row);
    const committed = table.offsetOf(row);
    const labels = labelText({ consumergroup: table.ownerOf(row), topic, partition });
    const log = this.parts.replicas.find(topic, partition)?.log;
    const remote = log === undefined ? this.parts.remote.of(topic, partition) : null;
    const end = log?.highWatermark ?? remote?.end ?? -1;
    if (end < 0) return { labels, committed, lag: null, lagSeconds: null };
    // What has expired is not there to be read: who comes back begins at the log's start.
    const next = Math.max(committed, log?.logStartOffset ?? 0);
    const lag = Math.max(0, end - next);
    if (lag === 0) return { labels, committed, lag, lagSeconds: 0 };
    if (log === undefined) return { labels, committed, lag, lagSeconds: secondsSince(remote?.writtenMs(next) ?? null, this.parts.clock.monotonicMs()) };
    const before = this.known.get(labels);
    const writtenMs = before?.committed === next ? before.writtenMs : writtenAt(log, next);
    if (writtenMs !== null) known.set(labels, { committed: next, writtenMs });
    return { labels, committed, lag, lagSeconds: secondsSince(writtenMs, this.parts.clock.wallMs()) };
  }

  private *collectGroups(out: MetricsWriter): Iterable<void> {
    const states = new Map<string, number>();
    out.begin(MEMBERS);
    let looks = 0;
    for (const { groups } of this.parts.groups.active()) {
      for (const group of [...groups]) {
        if (++looks % STRETCH === 0) yield;
        const key = labelText({ type: group.type, state: group.stateName });
        states.set(key, (states.get(key) ?? 0) + 1);
        const members = membersOf(group);
        if (members !== null) out.add(labelText({ consumergroup: group.groupId }), members);
      }
    }
    out.begin(GROUPS);
    for (const [labels, count] of states) out.add(labels, count);
    yield;
  }
}

function membersOf(group: Group): number | null {
  return group instanceof ClassicGroup ? group.members.size : null;
}

function secondsSince(writtenMs: number | null, nowMs: number): number | null {
  return writtenMs === null ? null : Math.max(0, (nowMs - writtenMs) / 1000);
}

function writtenAt(log: Parameters<typeof timestampNear>[0], offset: number): number | null {
  try {
    return timestampNear(log, offset);
  } catch (error) {
    // A directory that has failed has said so; of its partitions there is no time to tell.
    if (error instanceof LogStorageError) return null;
    throw error;
  }
}
