/** The cluster as this node sees it: the quorum, the metadata it has applied, and what only the active controller says. */
import type { MetadataLoader } from '../../../controller/metadata/loader';
import type { MetadataImage } from '../../../controller/metadata/image';
import { NO_LEADER } from '../../../controller/metadata/partition-registration';
import type { RaftNode } from '../../../controller/raft/raft-node';
import { labelText, type MetricFamily } from '../../../wire/metrics/metric-family';
import { type MetricsSource, numbers, series } from '../../../wire/metrics/metrics-registry';
import type { MetricsWriter } from '../../../wire/metrics/metrics-text';
import type { Elections } from './elections';

const gauge = (name: string, help: string, kafka?: string): MetricFamily => ({ name, type: 'gauge', help, ...(kafka === undefined ? {} : { kafka }) });
const controller = (name: string): string => `kafka.controller:type=KafkaController,name=${name}`;

const ACTIVE = gauge('kafka_controller_kafkacontroller_activecontrollercount', '1 on the active controller: the sum over all nodes is to be 1', controller('ActiveControllerCount'));
const LEADER = gauge('moldau_quorum_leader_id', 'Id of the node that leads the metadata quorum, -1 while this node knows of none', 'kafka.server:type=raft-metrics current-leader');
const EPOCH = gauge('moldau_quorum_epoch', 'Its epoch', 'kafka.server:type=raft-metrics current-epoch');
const HIGH_WATERMARK = gauge('moldau_quorum_high_watermark', 'Up to where the metadata log is committed, as far as this node knows', 'kafka.server:type=raft-metrics high-watermark');
const APPLIED = gauge('moldau_metadata_applied_offset', 'Up to where this node has applied it', 'kafka.server:type=broker-metadata-metrics last-applied-record-offset');
const LAG_RECORDS = gauge('moldau_metadata_lag_records', 'Committed metadata records that this node has not applied yet');
const LAG_SECONDS = gauge(
  'moldau_metadata_lag_seconds',
  'Age of the last metadata that this node has applied, by its timestamp; grows at most to metadata.max.idle.interval.ms while all is well',
  'kafka.server:type=broker-metadata-metrics last-applied-record-lag-ms',
);
const BROKERS = gauge('kafka_brokers', 'Brokers that are registered and not fenced, as this node has heard', 'kafka_exporter');
const ACTIVE_BROKERS = gauge('kafka_controller_kafkacontroller_activebrokercount', 'The same, by the active controller alone', controller('ActiveBrokerCount'));
const FENCED = gauge('kafka_controller_kafkacontroller_fencedbrokercount', 'Brokers that are registered and fenced: they do not answer, or have just started', controller('FencedBrokerCount'));
const FENCED_ID: MetricFamily = { name: 'moldau_broker_fenced', type: 'gauge', help: 'Of each registered broker: 1 while it is fenced; said by the active controller', labels: ['broker'] };
const TOPICS = gauge('kafka_controller_kafkacontroller_globaltopiccount', 'Topics of the cluster', controller('GlobalTopicCount'));
const PARTITIONS = gauge('kafka_controller_kafkacontroller_globalpartitioncount', 'Partitions of the cluster', controller('GlobalPartitionCount'));
const OFFLINE = gauge('kafka_controller_kafkacontroller_offlinepartitionscount', 'Partitions that nobody leads', controller('OfflinePartitionsCount'));
const NOT_PREFERRED = gauge('kafka_controller_kafkacontroller_preferredreplicaimbalancecount', 'Partitions that another replica leads than the first', controller('PreferredReplicaImbalanceCount'));
const UNCLEAN: MetricFamily = {
  name: 'kafka_controller_controllerstats_uncleanleaderelections_total',
  type: 'counter',
  help: 'Leaders elected that may lack acknowledged records; counted by the active controller',
  kafka: 'kafka.controller:type=ControllerStats,name=UncleanLeaderElectionsPerSec',
};
const ELECTIONS: MetricFamily = {
  name: 'moldau_leader_elections_total',
  type: 'counter',
  help: 'Changes of leaders: clean (from the ISR), eligible (from the ELR, KIP-966), unclean; counted by the active controller',
  kafka: 'kafka.controller:type=ControllerStats,name=ElectionFromEligibleLeaderReplicasPerSec and UncleanLeaderElectionsPerSec',
  labels: ['kind'],
};
const PARTITIONS_OF: MetricFamily = { name: 'kafka_topic_partitions', type: 'gauge', help: 'Partitions of a topic; said by the active controller', kafka: 'kafka_exporter', labels: ['topic'] };

export interface ClusterMetricsParts {
  readonly raft: RaftNode;
  readonly loader: MetadataLoader;
  readonly wallMs: () => number;
  /** This node's controller is the active one. */
  readonly isActiveController: () => boolean;
  readonly elections: Elections;
}

export function clusterMetrics(parts: ClusterMetricsParts): readonly MetricsSource[] {
  const { raft, loader, elections, wallMs, isActiveController } = parts;
  const applied = (read: (image: MetadataImage) => number) => () => (loader.isCaughtUp ? read(loader.image) : null);
  return [
    numbers([
      [ACTIVE, () => (isActiveController() ? 1 : 0)],
      [LEADER, () => raft.leader.leaderId ?? NO_LEADER],
      [EPOCH, () => raft.leader.epoch],
      [HIGH_WATERMARK, () => raft.highWatermark],
      [APPLIED, applied(({ provenance }) => provenance.lastContainedOffset)],
      [LAG_RECORDS, applied(({ provenance }) => Math.max(0, raft.highWatermark - 1 - provenance.lastContainedOffset))],
      [LAG_SECONDS, applied(({ provenance }) => Math.max(0, (wallMs() - provenance.lastContainedLogTimestampMs) / 1000))],
      [BROKERS, applied(({ cluster }) => [...cluster.brokers.values()].filter(({ fenced }) => !fenced).length)],
      [UNCLEAN, () => elections.counts.unclean],
    ]),
    series(ELECTIONS, () => Object.entries(elections.counts).map(([kind, count]) => [labelText({ kind }), count])),
    controllerMetrics(parts),
  ];
}

function controllerMetrics({ loader, isActiveController }: ClusterMetricsParts): MetricsSource {
  return {
    families: [ACTIVE_BROKERS, FENCED, FENCED_ID, TOPICS, PARTITIONS, OFFLINE, NOT_PREFERRED, PARTITIONS_OF],
    *collect(out) {
      if (!isActiveController() || !loader.isCaughtUp) return;
      const { image } = loader;
      const brokers = [...image.cluster.brokers.values()];
      const fenced = brokers.filter((broker) => broker.fenced);
      one(out, ACTIVE_BROKERS, brokers.length - fenced.length);
      one(out, FENCED, fenced.length);
      out.begin(FENCED_ID);
      for (const { id, fenced: isFenced } of brokers) out.add(labelText({ broker: id }), isFenced ? 1 : 0);
      const totals = { partitions: 0, offline: 0, notPreferred: 0 };
      const topics = [...image.topics.all()];
      const sizes: number[] = [];
      for (const topic of topics) {
        const before = totals.partitions;
        const { partitionsEnd } = topic;
        for (let id = 0; id < partitionsEnd; id++) {
          const partition = image.topics.partition(topic, id);
          if (partition === null) continue;
          totals.partitions++;
          if (partition.leader === NO_LEADER) totals.offline++;
          else if (partition.leader !== partition.replicas[0]) totals.notPreferred++;
          if (totals.partitions % 64 === 0) yield;
        }
        sizes.push(totals.partitions - before);
      }
      one(out, TOPICS, topics.length);
      one(out, PARTITIONS, totals.partitions);
      one(out, OFFLINE, totals.offline);
      one(out, NOT_PREFERRED, totals.notPreferred);
      out.begin(PARTITIONS_OF);
      for (let i = 0; i < topics.length; i++) {
        out.add(labelText({ topic: topics[i]?.name ?? '' }), sizes[i] ?? 0);
        if (i % 64 === 0) yield;
      }
    },
  };
}

function one(out: MetricsWriter, family: MetricFamily, value: number): void {
  out.begin(family);
  out.add('', value);
}
