/**
 * What an operator does with a cluster of three. Which broker gets which replica is chance, in Apache Kafka as in Moldau, so
 * the scenarios assign replicas themselves.
 */
import type { ToolName } from '../../../support/kafka-tools';
import type { RunStep, Scenario } from '../scenario';

const run =
  (tool: ToolName) =>
  (...args: readonly string[]): RunStep => ({ tool, args });

const topics = run('kafka-topics');
const configs = run('kafka-configs');
const reassign = run('kafka-reassign-partitions');
const elect = run('kafka-leader-election');
const cluster = (action: string, ...args: readonly string[]): RunStep => ({
  tool: 'kafka-cluster',
  args: [action, '--bootstrap-server', '{bootstrap}', ...args],
  varies: [[/Cluster ID: [\w-]{22}/, 'Cluster ID: <id>']],
});

export const threeNodes: readonly Scenario[] = [
  {
    name: 'kafka-topics creates with three replicas and describes what is whole',
    steps: [
      topics('--create', '--topic', 'spread', '--partitions', '6', '--replication-factor', '3'),
      { ...topics('--describe', '--topic', 'spread'), varies: [[/(Leader|Replicas|Isr): [\d,]+/g, '$1: <chance>']] },
      topics('--create', '--topic', 'orders', '--replica-assignment', '1:2:3,2:3:1,3:1:2'),
      topics('--create', '--topic', 'pair', '--replica-assignment', '1:2,2:3'),
      topics('--create', '--topic', 'alone', '--replica-assignment', '3'),
      topics('--create', '--topic', 'strict', '--replica-assignment', '1:2:3', '--config', 'min.insync.replicas=3'),
      topics('--create', '--topic', 'four', '--replication-factor', '4'),
      topics('--create', '--topic', 'uneven', '--replica-assignment', '1:2,1'),
      topics('--create', '--topic', 'twice', '--replica-assignment', '1:1'),
      topics('--describe', '--topic', 'orders'),
      topics('--describe', '--topic', 'pair'),
      topics('--describe', '--under-replicated-partitions'),
      topics('--describe', '--under-min-isr-partitions'),
      topics('--describe', '--at-min-isr-partitions'),
      topics('--describe', '--unavailable-partitions'),
    ],
  },
];
