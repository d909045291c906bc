import { handlers } from '../../../../src/handlers/index';
import type { ToolName } from '../../../support/kafka-tools';
import type { ApiName } from '../../../../wire/api-keys';
import type { AllowedDifference, RunStep, Scenario } from '../scenario';

const cluster = (action: string, ...args: readonly string[]): RunStep => ({
  tool: 'kafka-cluster',
  args: [action, '--bootstrap-server', '{bootstrap}', ...args],
  varies: [[/Cluster ID: [\w-]{22}/, 'Cluster ID: <id>']],
});

/** A command that needs one API beyond those of every client. Most tools put the flag for the server first. */
const refusable = (api: ApiName, tool: ToolName, ...args: readonly string[]): RunStep => ({
  tool,
  args,
  needs: { api, refusal: /UnsupportedVersionException|does not support/ },
});

/** The APIs that Moldau does not serve, with the reasons that its registry gives. */
export const unserved: readonly AllowedDifference[] = Object.entries(handlers).flatMap(([name, row]) =>
  'notServed' in row
    ? [{ reason: row.notServed, pattern: new RegExp(`^\\t${name}\\(\\d+\\): `), replacement: null }]
    : [],
);

/** Three nodes of either are compared with kraft.version 1. */
const staticQuorum: AllowedDifference = {
  reason: 'Apache Kafka alone runs with controller.quorum.voters here, which names no directories and has no kraft.version',
  pattern: /(?<=kraft\.version .*FinalizedVersionLevel: )\d|(?<="id": 1, )"directoryId": "[\w-]{22}", /,
  replacement: '',
};

export const otherFeatures: readonly AllowedDifference[] = [
  {
    reason: 'features whose APIs are not served yet',
    pattern: /^Feature: (group|share|streams|transaction)\.version/,
    replacement: null,
  },
  {
    reason: 'Apache Kafka is formatted without eligible leaders here, with which a cluster of Moldau begins',
    pattern: /^Feature: eligible\.leader\.replicas\.version/,
    replacement: null,
  },
];

export const kafkaCluster: readonly Scenario[] = [
  {
    name: 'kafka-cluster names the cluster and its brokers',
    steps: [
      cluster('cluster-id'),
      cluster('list-endpoints'),
      cluster('list-endpoints', '--include-fenced-brokers'),
      {
        ...cluster('unregister', '--id', '99'),
        needs: { api: 'UnregisterBroker', refusal: /does not support|UnsupportedVersionException/ },
      },
    ],
  },
  {
    name: 'kafka-broker-api-versions lists what is served',
    steps: [{ tool: 'kafka-broker-api-versions', args: [], allowed: unserved }],
  },
  {
    name: 'kafka-features describes what is finalized',
    steps: [
      {
        tool: 'kafka-features',
        args: ['describe'],
        varies: [[/Epoch: \d+/, 'Epoch: <n>']],
        allowed: [...otherFeatures, staticQuorum],
      },
    ],
  },
  {
    name: 'tools whose APIs may not be served',
    steps: [
      refusable('ListTransactions', 'kafka-transactions', 'list'),
      refusable('DescribeAcls', 'kafka-acls', '--list'),
      {
        ...refusable('DescribeQuorum', 'kafka-metadata-quorum', 'describe', '--status'),
        varies: [[/^(ClusterId|HighWatermark|MaxFollowerLagTimeMs): .*|CONTROLLER:.*\d+/g, '<...>']],
        allowed: [staticQuorum],
      },
      refusable('DescribeLogDirs', 'kafka-log-dirs', '--describe', '--topic-list', 'none-of-these'),
      refusable('ListConfigResources', 'kafka-client-metrics', '--list'),
      refusable('ElectLeaders', 'kafka-leader-election', '--election-type', 'preferred', '--all-topic-partitions'),
      refusable('ListPartitionReassignments', 'kafka-reassign-partitions', '--list'),
    ],
  },
];
