import type { Scenario, Step } from '../scenario';

const cluster = (...args: readonly string[]): Step => ({
  tool: 'kafka-cluster',
  args: [args[0] as string, '--bootstrap-server', '{bootstrap}', ...args.slice(1)],
  varies: [[/Cluster ID: [\w-]{22}/, 'Cluster ID: <id>']],
});

export const kafkaCluster: readonly Scenario[] = [
  {
    name: 'kafka-cluster names the cluster and its brokers',
    steps: [
      cluster('cluster-id'),
      cluster('list-endpoints'),
      cluster('list-endpoints', '--include-fenced-brokers'),
      cluster('unregister', '--id', '99'),
    ],
  },
  {
    name: 'kafka-broker-api-versions lists what is served',
    steps: [{ tool: 'kafka-broker-api-versions', args: [] }],
  },
];
