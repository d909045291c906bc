import { handlers } from '../../../../src/handlers/index';
import type { AllowedDifference, RunStep, Scenario } from '../scenario';

const cluster = (action: string, ...args: readonly string[]): RunStep => ({
  tool: 'kafka-cluster',
  args: [action, '--bootstrap-server', '{bootstrap}', ...args],
  varies: [[/Cluster ID: [\w-]{22}/, 'Cluster ID: <id>']],
});

/** The APIs that Moldau does not serve, with the reasons that its registry gives. */
const unserved: readonly AllowedDifference[] = Object.entries(handlers).flatMap(([name, row]) =>
  'notServed' in row
    ? [{ reason: row.notServed, pattern: new RegExp(`^\\t${name}\\(\\d+\\): `), replacement: null }]
    : [],
);

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
];
