import type { RunStep, Scenario } from '../scenario';

/** Moves the start of the log of a partition of `times`. */
const deleteRecords = (partition: number, offset: number): RunStep => ({
  tool: 'kafka-delete-records',
  args: ['--offset-json-file', '{dir}/offsets.json'],
  files: { 'offsets.json': JSON.stringify({ partitions: [{ topic: 'times', partition, offset }], version: 1 }) },
  needs: { api: 'DeleteRecords', refusal: /UnsupportedVersionException/ },
});

const offsets = (...args: readonly string[]): RunStep => ({ tool: 'kafka-get-offsets', args });

const produceTimes = (keys: readonly string[]): RunStep => ({
  tool: 'kafka-console-producer',
  args: [
    '--topic',
    'times',
    '--reader-property',
    'parse.key=true',
    '--reader-property',
    'key.separator=:',
    '--sync',
    '--timeout',
    '0',
  ],
  stdin: keys.map((key) => `${key}:value of ${key}\n`).join(''),
});

/** Kafka's partitioner sends one of them to each of three partitions. */
const ONE_KEY_PER_PARTITION = ['key-0', 'key-1', 'key-2'];

/** A time before and one after everything that the scenarios write. */
const LONG_AGO_MS = '1000000000000';
const FAR_AHEAD_MS = '4000000000000';

export const kafkaGetOffsets: readonly Scenario[] = [
  {
    name: 'kafka-get-offsets by every kind of time',
    steps: [
      { tool: 'kafka-topics', args: ['--create', '--topic', 'times', '--partitions', '3'] },
      { tool: 'kafka-topics', args: ['--create', '--topic', 'times-empty', '--partitions', '11'] },
      produceTimes(Array.from({ length: 20 }, (_, index) => `key-${index}`)),
      offsets('--topic', 'times'),
      offsets('--topic', 'times.*'),
      // The last two of above may have one time: these are alone, and later by the tools that ran in between.
      produceTimes(ONE_KEY_PER_PARTITION),
      ...[
        'latest',
        'earliest',
        'max-timestamp',
        'earliest-local',
        'latest-tiered',
        'earliest-pending-upload',
        '-1',
        '-2',
        '-3',
        LONG_AGO_MS,
        FAR_AHEAD_MS,
      ].map((time) => offsets('--topic', 'times', '--time', time)),
      offsets('--topic', 'times', '--partitions', '0,2'),
      offsets('--topic-partitions', 'times:1-2,times-empty:0'),
      offsets('--topic', 'nothing-of-the-kind'),
      offsets('--topic', 'times', '--partitions', '7'),
      offsets('--topic', 'times', '--time', 'yesterday'),
      offsets('--topic', 'times.*', '--exclude-internal-topics'),
    ],
  },
  {
    name: 'kafka-delete-records moves the start of the log',
    steps: [
      deleteRecords(0, 2),
      offsets('--topic', 'times', '--time', 'earliest'),
      deleteRecords(0, -1),
      offsets('--topic', 'times', '--time', 'earliest'),
      deleteRecords(1, 1000),
      {
        tool: 'kafka-console-consumer',
        args: ['--topic', 'times', '--partition', '0', '--offset', '0', '--timeout-ms', '1500'],
      },
    ],
  },
];
