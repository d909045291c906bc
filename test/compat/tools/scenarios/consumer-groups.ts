import type { RunStep, Scenario, StartStep } from '../scenario';

const groups = (...args: readonly string[]): RunStep => ({ tool: 'kafka-consumer-groups', args });

const reset = (...args: readonly string[]): RunStep => groups('--reset-offsets', '--group', 'resets', ...args);

const consumer = (name: string, topic: string, group: string, ...args: readonly string[]): StartStep => ({
  start: name,
  tool: 'kafka-verifiable-consumer',
  args: ['--topic', topic, '--group-id', group, ...args],
  ready: /partitions_assigned","partitions":\[\{/,
});

/** Member ids of the consumer protocol, and the number that a JVM gives its clients. */
const MEMBERS = [
  [/(?<= )[\w-]{22}(?= )/g, '<member id 22 long>   '],
  [/consumer-watchers-848-\d+ */g, 'consumer-watchers-848-<n> '],
] as const;

/** A topic of two partitions with ten records in each, spread by key. */
const filledTopic = (topic: string): readonly RunStep[] => [
  { tool: 'kafka-topics', args: ['--create', '--topic', topic, '--partitions', '2'] },
  {
    tool: 'kafka-console-producer',
    args: ['--topic', topic, '--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'],
    stdin: Array.from({ length: 20 }, (_, index) => `${index}:value ${index}\n`).join(''),
  },
  { tool: 'kafka-get-offsets', args: ['--topic', topic] },
];

export const kafkaConsumerGroups: readonly Scenario[] = [
  {
    name: 'kafka-consumer-groups before there is any group',
    steps: [
      groups('--list'),
      groups('--describe', '--all-groups'),
      groups('--describe', '--group', 'absent'),
      groups('--describe', '--group', 'absent', '--members'),
      groups('--describe', '--group', 'absent', '--state'),
      groups('--delete', '--group', 'absent'),
    ],
  },
  {
    name: 'kafka-consumer-groups describes a classic group while it consumes and after',
    steps: [
      ...filledTopic('watched'),
      consumer('member', 'watched', 'watchers', '--group-instance-id', 'first'),
      {
        ...groups('--describe', '--group', 'watchers'),
        until: /watched +0 +(\d+) +\1 +0 +[^ -][^]*watched +1 +(\d+) +\2 +0 +[^ -]/,
      },
      groups('--describe', '--group', 'watchers', '--verbose'),
      groups('--describe', '--group', 'watchers', '--members'),
      groups('--describe', '--group', 'watchers', '--members', '--verbose'),
      groups('--describe', '--group', 'watchers', '--state'),
      groups('--describe', '--group', 'watchers', '--state', '--verbose'),
      groups('--describe', '--group', 'watchers', '--offsets'),
      { ...groups('--list'), sortLines: true },
      { ...groups('--list', '--state'), sortLines: true },
      groups('--list', '--state', 'stable'),
      groups('--list', '--state', 'empty', '--type', 'consumer'),
      groups('--delete', '--group', 'watchers'),
      groups('--reset-offsets', '--group', 'watchers', '--topic', 'watched', '--to-earliest', '--execute'),
      groups('--delete-offsets', '--group', 'watchers', '--topic', 'watched'),
      {
        stop: 'member',
        jsonLines: true,
        allowed: [
          {
            reason: 'polls and commits depend on timing',
            pattern: /"name":"(records_consumed|offsets_committed)"/,
            replacement: null,
          },
        ],
      },
    ],
  },
  {
    name: 'kafka-consumer-groups describes a group of the consumer protocol while it consumes and after',
    needs: 'ConsumerGroupHeartbeat',
    steps: [
      ...filledTopic('watched-848'),
      consumer('member', 'watched-848', 'watchers-848', '--group-protocol', 'consumer'),
      {
        ...groups('--describe', '--group', 'watchers-848'),
        until: /watched-848 +0 +(\d+) +\1 +0 +[^ -][^]*watched-848 +1 +(\d+) +\2 +0 +[^ -]/,
        varies: MEMBERS,
      },
      { ...groups('--describe', '--group', 'watchers-848', '--members', '--verbose'), varies: MEMBERS },
      groups('--describe', '--group', 'watchers-848', '--state', '--verbose'),
      { ...groups('--list', '--type'), sortLines: true },
      groups('--list', '--type', 'consumer'),
      groups('--delete', '--group', 'watchers-848'),
      {
        stop: 'member',
        jsonLines: true,
        allowed: [
          {
            reason: 'polls and commits depend on timing',
            pattern: /"name":"(records_consumed|offsets_committed)"/,
            replacement: null,
          },
          {
            reason: 'the first heartbeat may come before the assignment (KIP-1263)',
            pattern: /"partitions_assigned","partitions":\[\]/,
            replacement: null,
          },
        ],
      },
      { ...groups('--describe', '--group', 'watchers-848', '--state'), until: /Empty/ },
      groups('--describe', '--group', 'watchers-848'),
      groups('--delete', '--group', 'watchers-848'),
      { ...groups('--list'), sortLines: true },
    ],
  },
  {
    name: 'kafka-consumer-groups resets offsets in every mode',
    steps: [
      ...filledTopic('resettable'),
      reset('--topic', 'resettable', '--to-earliest'),
      reset('--topic', 'resettable', '--to-earliest', '--dry-run'),
      reset('--topic', 'resettable', '--to-earliest', '--execute'),
      groups('--describe', '--group', 'resets'),
      groups('--describe', '--group', 'resets', '--state'),
      groups('--describe', '--group', 'resets', '--members'),
      reset('--topic', 'resettable', '--to-latest', '--execute'),
      reset('--topic', 'resettable:1', '--to-offset', '3', '--execute'),
      reset('--topic', 'resettable:0', '--to-offset', '1000', '--execute'),
      reset('--topic', 'resettable', '--shift-by', '-2', '--dry-run'),
      reset('--topic', 'resettable', '--shift-by', '-2', '--execute'),
      reset('--topic', 'resettable', '--shift-by', '100', '--execute'),
      reset('--all-topics', '--shift-by', '-100', '--execute'),
      reset('--topic', 'resettable', '--by-duration', 'P1D', '--execute'),
      reset('--topic', 'resettable', '--by-duration', 'PT0S', '--dry-run'),
      reset('--topic', 'resettable', '--to-datetime', '2020-01-01T00:00:00.000', '--execute'),
      reset('--topic', 'resettable', '--to-datetime', '2100-01-01T00:00:00.000', '--execute'),
      reset('--topic', 'resettable:0', '--to-offset', '4', '--execute'),
      reset('--topic', 'resettable', '--to-current', '--dry-run'),
      reset('--topic', 'resettable', '--to-current', '--execute'),
      reset('--topic', 'resettable', '--to-current', '--export'),
      {
        ...reset('--from-file', '{dir}/plan.csv', '--dry-run'),
        files: { 'plan.csv': 'resettable,0,2\nresettable,1,5\n' },
      },
      {
        ...reset('--from-file', '{dir}/plan.csv', '--execute'),
        files: { 'plan.csv': 'resettable,0,2\nresettable,1,5\n' },
      },
      groups('--describe', '--group', 'resets'),
      reset('--topic', 'absent', '--to-earliest', '--dry-run'),
      reset('--topic', 'resettable:9', '--to-earliest', '--dry-run'),
      {
        tool: 'kafka-console-consumer',
        args: ['--topic', 'resettable', '--group', 'resets', '--timeout-ms', '4000'],
        sortLines: true,
      },
    ],
  },
  {
    name: 'kafka-consumer-groups deletes offsets and groups',
    steps: [
      groups('--reset-offsets', '--group', 'doomed', '--topic', 'resettable', '--to-latest', '--execute'),
      groups('--delete-offsets', '--group', 'doomed', '--topic', 'resettable:1'),
      groups('--describe', '--group', 'doomed'),
      groups('--delete-offsets', '--group', 'doomed', '--topic', 'resettable'),
      groups('--delete-offsets', '--group', 'nobody', '--topic', 'resettable'),
      groups('--reset-offsets', '--group', 'doomed', '--topic', 'resettable', '--to-latest', '--execute'),
      groups('--delete', '--group', 'doomed'),
      groups('--delete', '--group', 'doomed'),
      { ...groups('--list'), sortLines: true },
      { tool: 'kafka-groups', args: ['--list'], sortLines: true },
    ],
  },
  {
    name: 'kafka-console-consumer reads what a broker keeps about groups',
    steps: ['OffsetsMessageFormatter', 'GroupMetadataMessageFormatter'].map((formatter) => ({
      tool: 'kafka-console-consumer',
      args: [
        ...['--topic', '__consumer_offsets', '--from-beginning', '--timeout-ms', '3000'],
        ...['--formatter', `org.apache.kafka.tools.consumer.${formatter}`],
      ],
      sortLines: true,
      allowed: [
        {
          reason: 'a verifiable consumer commits once per poll',
          pattern: /"group":"watchers|Processed a total/,
          replacement: null,
        },
        {
          reason: 'a console consumer commits by time',
          pattern: /"group":"resets".*"leaderEpoch":0/,
          replacement: null,
        },
        {
          reason: 'when a group is tidied up is up to timing',
          pattern: /"group":"console-consumer/,
          replacement: null,
        },
      ],
    })),
  },
];
