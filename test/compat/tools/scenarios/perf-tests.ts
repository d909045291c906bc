import type { Scenario } from '../scenario';

const RATES = [
  [/[\d.]+ records\/sec \([\d.]+ MB\/sec\)/, '<rate>'],
  [/[\d.]+ ms (avg latency|max latency|50th|95th|99th|99\.9th)/g, '<ms> $1'],
] as const;

export const perfTests: readonly Scenario[] = [
  {
    name: 'kafka-producer-perf-test and kafka-consumer-perf-test',
    steps: [
      { tool: 'kafka-topics', args: ['--create', '--topic', 'perf', '--partitions', '2'] },
      {
        tool: 'kafka-producer-perf-test',
        args: ['--topic', 'perf', '--num-records', '20000', '--record-size', '200', '--throughput', '-1'],
        varies: RATES,
      },
      {
        tool: 'kafka-producer-perf-test',
        args: [
          '--topic',
          'perf',
          '--num-records',
          '1000',
          '--record-size',
          '100',
          '--throughput',
          '-1',
          '--command-property',
          'compression.type=lz4',
          'acks=1',
        ],
        varies: RATES,
      },
      {
        tool: 'kafka-producer-perf-test',
        args: [
          '--topic',
          'perf',
          '--num-records',
          '500',
          '--payload-monotonic',
          '--throughput',
          '-1',
          '--transactional-id',
          'perf-tx',
          '--transaction-duration-ms',
          '100',
        ],
        varies: RATES,
        needs: { api: 'AddPartitionsToTxn', refusal: /UnsupportedVersionException|TransactionalId/ },
      },
      { tool: 'kafka-get-offsets', args: ['--topic', 'perf', '--time', 'earliest'] },
      {
        tool: 'kafka-consumer-perf-test',
        args: ['--topic', 'perf', '--num-records', '21000', '--group', 'perf-readers'],
        varies: [
          [
            /^[^,]+, [^,]+, \d\.\d{4}, [\d.]+, (21\d\d\d), [\d.]+, \d+, \d+, [\d.]+, [\d.]+$/,
            '<time>, <time>, MB, rate, $1, rates',
          ],
        ],
        allowed: [
          {
            reason: 'the last poll may bring a few records more than asked for',
            pattern: /rate, 21\d\d\d, rates/,
            replacement: 'rate, 21000 or more, rates',
          },
        ],
      },
    ],
  },
  {
    name: 'kafka-e2e-latency',
    steps: [
      {
        tool: 'kafka-e2e-latency',
        args: ['--topic', 'e2e', '--num-records', '200', '--producer-acks', 'all', '--record-size', '100'],
        varies: [[/\d+\.\d+|(?<= = )\d+/g, '<ms>']],
      },
      { tool: 'kafka-get-offsets', args: ['--topic', 'e2e'] },
    ],
  },
];
