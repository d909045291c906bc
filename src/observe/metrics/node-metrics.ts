/** The node itself: who it is, how it stands with the controller, what waits. */
import type { Purgatory } from '../../../wire/base/purgatory';
import { labelText, type MetricFamily } from '../../../wire/metrics/metric-family';
import { type MetricsSource, numbers, series } from '../../../wire/metrics/metrics-registry';
import type { BrokerLifecycle } from '../../lifecycle';
import type { ReplicaManager } from '../../replication/replica-manager';

const INFO: MetricFamily = { name: 'moldau_info', type: 'gauge', help: 'Which node this is', labels: ['version', 'node_id', 'cluster_id', 'roles'] };
/** Kafka's numbers of broker states. */
const BROKER_STATES = { starting: 1, running: 3, stopping: 6, ended: 7 } as const;
const STATE: MetricFamily = {
  name: 'kafka_server_kafkaserver_brokerstate',
  type: 'gauge',
  help: '0 not running, 1 starting, 3 running, 6 handing its leaderships over, 7 stopping',
  kafka: 'kafka.server:type=KafkaServer,name=BrokerState',
};
const HEARTBEAT: MetricFamily = {
  name: 'moldau_broker_heartbeat_age_seconds',
  type: 'gauge',
  help: 'Time since the last heartbeat that the controller has answered; beyond the session the broker is fenced',
};
const PURGATORY: MetricFamily = {
  name: 'kafka_server_delayedoperationpurgatory_purgatorysize',
  type: 'gauge',
  help: 'Requests that wait, by kind',
  kafka: 'kafka.server:type=DelayedOperationPurgatory,name=PurgatorySize,delayedOperation=*',
  labels: ['delayedOperation'],
};

export function nodeInfo(facts: { readonly version: string; readonly nodeId: number; readonly clusterId: string; readonly roles: string }): MetricsSource {
  const { version, nodeId, clusterId, roles } = facts;
  return series(INFO, () => [[labelText({ version, node_id: nodeId, cluster_id: clusterId, roles }), 1]]);
}

export function brokerStanding(lifecycle: () => BrokerLifecycle | null): MetricsSource {
  return numbers([
    [STATE, () => BROKER_STATES[lifecycle()?.standing ?? 'starting']],
    [
      HEARTBEAT,
      () => {
        const ageMs = lifecycle()?.unansweredMs ?? Infinity;
        return Number.isFinite(ageMs) ? ageMs / 1000 : null;
      },
    ],
  ]);
}

export function purgatories({ producePurgatory, fetchPurgatory, deletePurgatory }: ReplicaManager): MetricsSource {
  const all: readonly (readonly [string, Purgatory])[] = [
    ['Produce', producePurgatory],
    ['Fetch', fetchPurgatory],
    ['DeleteRecords', deletePurgatory],
  ];
  return series(PURGATORY, () => all.map(([delayedOperation, purgatory]) => [labelText({ delayedOperation }), purgatory.size]));
}
