import type { Scenario, Step } from '../scenario';

const topics = (...args: readonly string[]): Step => ({ tool: 'kafka-topics', args });

export const kafkaTopics: readonly Scenario[] = [
  {
    name: 'kafka-topics creates, lists and describes',
    steps: [
      topics('--list'),
      topics('--create', '--topic', 'plain'),
      topics('--create', '--topic', 'orders', '--partitions', '3', '--replication-factor', '1'),
      topics(
        '--create',
        '--topic',
        'with.dots_and-dashes',
        '--config',
        'retention.ms=60000',
        '--config',
        'cleanup.policy=compact,delete',
      ),
      topics('--create', '--topic', 'assigned', '--replica-assignment', '1,1'),
      topics('--list'),
      topics('--describe', '--topic', 'plain'),
      topics('--describe', '--topic', 'orders'),
      topics('--describe'),
      topics('--describe', '--topic', 'with.*'),
      topics('--describe', '--topics-with-overrides'),
      topics('--describe', '--under-replicated-partitions'),
      topics('--describe', '--unavailable-partitions'),
      topics('--describe', '--at-min-isr-partitions', '--topic', 'orders'),
      topics('--describe', '--partition-size-limit-per-response', '2'),
      topics('--list', '--topic', 'o.*'),
    ],
  },
  {
    name: 'kafka-topics says why a topic cannot be created or described',
    steps: [
      topics('--create', '--topic', 'orders'),
      topics('--create', '--topic', 'orders', '--if-not-exists'),
      topics('--create', '--topic', 'bad/name'),
      topics('--create', '--topic', '..'),
      topics('--create', '--topic', 'with_dots.and-dashes'),
      topics('--create', '--topic', 'too-many-replicas', '--replication-factor', '2'),
      topics('--create', '--topic', 'no-partitions', '--partitions', '0'),
      topics('--create', '--topic', 'bad-config', '--config', 'retention.ms=soon'),
      topics('--create', '--topic', 'unknown-config', '--config', 'no.such.key=1'),
      topics('--create', '--topic', 'unknown-replica', '--replica-assignment', '7'),
      topics('--describe', '--topic', 'absent'),
      topics('--describe', '--topic', 'absent', '--if-exists'),
      topics('--describe', '--topic-id', 'AAAAAAAAAAAAAAAAAAAAAg'),
    ],
  },
  {
    name: 'kafka-topics adds partitions',
    steps: [
      topics('--alter', '--topic', 'orders', '--partitions', '5'),
      topics('--describe', '--topic', 'orders'),
      topics('--alter', '--topic', 'orders', '--partitions', '5'),
      topics('--alter', '--topic', 'orders', '--partitions', '4'),
      topics('--alter', '--topic', 'plain', '--partitions', '3', '--replica-assignment', '1,1,1'),
      topics('--alter', '--topic', 'absent', '--partitions', '4'),
      topics('--alter', '--topic', 'absent', '--partitions', '4', '--if-exists'),
      topics('--describe', '--topic', 'plain'),
    ],
  },
  {
    name: 'kafka-topics deletes',
    steps: [
      topics('--delete', '--topic', 'orders'),
      topics('--list'),
      topics('--delete', '--topic', 'orders'),
      topics('--delete', '--topic', 'orders', '--if-exists'),
      topics('--create', '--topic', 'orders', '--partitions', '2'),
      topics('--describe', '--topic', 'orders'),
      topics('--delete', '--topic', '.*'),
      topics('--list'),
    ],
  },
];
