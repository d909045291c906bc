import type { Scenario } from '../scenario';

export const verifiableClients: readonly Scenario[] = [
  {
    name: 'kafka-verifiable-producer and kafka-verifiable-consumer',
    steps: [
      { tool: 'kafka-topics', args: ['--create', '--topic', 'verified'] },
      {
        tool: 'kafka-verifiable-producer',
        args: ['--topic', 'verified', '--max-messages', '200', '--repeating-keys', '5', '--value-prefix', '7'],
        jsonLines: true,
        varies: [[/"avg_throughput":[\d.E]+/, '"avg_throughput":<rate>']],
      },
      {
        tool: 'kafka-verifiable-producer',
        args: ['--topic', 'verified', '--max-messages', '50', '--acks', '0', '--message-create-time', '1500000000000'],
        jsonLines: true,
        varies: [[/"avg_throughput":[\d.E]+/, '"avg_throughput":<rate>']],
      },
      {
        tool: 'kafka-verifiable-consumer',
        args: ['--topic', 'verified', '--group-id', 'verifiers', '--max-messages', '250', '--verbose'],
        jsonLines: true,
        // How many records a poll brings depends on what a fetch brings: only their sum is the same.
        allowed: [
          {
            reason: 'the size of a poll is up to timing',
            pattern: /"name":"(records_consumed|offsets_committed)"/,
            replacement: null,
          },
        ],
      },
      {
        tool: 'kafka-consumer-groups',
        args: ['--describe', '--group', 'verifiers'],
        until: /verified +0 +250 +250 +0 +- /,
      },
      { tool: 'kafka-get-offsets', args: ['--topic', 'verified'] },
    ],
  },
];
