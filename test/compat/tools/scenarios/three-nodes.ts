/**
 * What an operator does with a cluster of three. Which broker gets which replica is chance, in Apache Kafka as in Moldau, so
 * the scenarios assign replicas themselves.
 */
import type { ToolName } from '../../../support/kafka-tools';
import type { RunStep, Scenario, Step } from '../scenario';
import { otherFeatures, unserved } from './cluster';
import { reassign, type Move } from './reassignments';

const run =
  (tool: ToolName) =>
  (...args: readonly string[]): RunStep => ({ tool, args });

const topics = run('kafka-topics');
/** Leaves out the topics that a broker makes for itself, whose replicas are chance. */
const describe = (...args: readonly string[]): RunStep => topics('--describe', '--exclude-internal', ...args);
const configs = run('kafka-configs');
const elect = run('kafka-leader-election');
const quorum = run('kafka-metadata-quorum');
const offsets = run('kafka-get-offsets');
const cluster = (action: string, ...args: readonly string[]): RunStep => ({
  tool: 'kafka-cluster',
  args: [action, '--bootstrap-server', '{bootstrap}', ...args],
  varies: [[/Cluster ID: [\w-]{22}/, 'Cluster ID: <id>']],
});

/** How large a batch is depends on how far apart its records came. */
const logDirs = (...args: readonly string[]): RunStep => ({
  tool: 'kafka-log-dirs',
  args: ['--describe', ...args],
  varies: [[/"size":[1-9]\d*/g, '"size":<n>']],
});

/** A number of lines of `topic`, written with acks=all; their keys say into which partition. */
const produce = (topic: string, lines: number): RunStep => ({
  tool: 'kafka-console-producer',
  args: [
    ...['--topic', topic, '--command-property', 'acks=all'],
    ...['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'],
  ],
  stdin: Array.from({ length: lines }, (_, index) => `${index}:line ${index}\n`).join(''),
});

/** Which broker coordinates the group follows from where the offsets' partitions are led. */
const state: RunStep = {
  tool: 'kafka-consumer-groups',
  args: ['--describe', '--group', 'readers', '--state'],
  varies: [[/127\.0\.0\.1:<port of \d> +\(\d\) +/, '<a broker> ']],
};

const DIRECTORY_ID = [/"directoryId": "[\w-]{22}"/g, '"directoryId": "<id>"'] as const;

const whole: readonly Step[] = [
  describe('--under-replicated-partitions'),
  describe('--under-min-isr-partitions'),
  describe('--at-min-isr-partitions'),
  describe('--unavailable-partitions'),
];

const toThree: readonly Move[] = [
  { topic: 'orders', partition: 0, replicas: [3, 1] },
  { topic: 'orders', partition: 1, replicas: [1, 2] },
  { topic: 'pair', partition: 0, replicas: [3, 2, 1] },
];

const heavy: readonly Move[] = [{ topic: 'heavy', partition: 0, replicas: [2] }];

export const threeNodes: readonly Scenario[] = [
  {
    name: 'kafka-topics creates with three replicas and describes what is whole',
    steps: [
      topics('--create', '--topic', 'spread', '--partitions', '6', '--replication-factor', '3'),
      { ...describe('--topic', 'spread'), varies: [[/(Leader|Replicas|Isr): [\d,]+/g, '$1: <chance>']] },
      topics('--delete', '--topic', 'spread'),
      topics('--create', '--topic', 'orders', '--replica-assignment', '1:2:3,2:3:1,3:1:2'),
      topics('--create', '--topic', 'pair', '--replica-assignment', '1:2,2:3'),
      topics('--create', '--topic', 'alone', '--replica-assignment', '3'),
      topics('--create', '--topic', 'strict', '--replica-assignment', '1:2:3', '--config', 'min.insync.replicas=3'),
      topics('--create', '--topic', 'four', '--replication-factor', '4'),
      topics('--create', '--topic', 'uneven', '--replica-assignment', '1:2,1'),
      topics('--create', '--topic', 'twice', '--replica-assignment', '1:1'),
      topics('--create', '--topic', 'nowhere', '--replica-assignment', '1:2:9'),
      describe(),
      ...whole,
    ],
  },
  {
    name: 'tools that look at the cluster',
    steps: [
      cluster('cluster-id'),
      cluster('list-endpoints'),
      cluster('list-endpoints', '--include-fenced-brokers'),
      cluster('unregister', '--id', '99'),
      {
        tool: 'kafka-features',
        args: ['describe'],
        varies: [[/Epoch: \d+/, 'Epoch: <n>']],
        allowed: otherFeatures,
      },
      {
        ...quorum('describe', '--status'),
        varies: [
          [/^(ClusterId|LeaderId|LeaderEpoch|HighWatermark|MaxFollowerLag|MaxFollowerLagTimeMs): +\S+/, '$1: <chance>'],
          DIRECTORY_ID,
        ],
      },
      {
        ...quorum('describe', '--replication'),
        sortLines: true,
        varies: [[/^\d.*(Leader|Follower|Observer)/, '<node> <directory> <offset> <lag> <times> $1']],
      },
      { tool: 'kafka-broker-api-versions', args: [], allowed: unserved, sortLines: true },
    ],
  },
  {
    name: 'kafka-configs alters brokers and what all of them default to',
    steps: [
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '2'),
      configs('--alter', '--entity-type', 'brokers', '--entity-name', '2', '--add-config', 'log.retention.ms=5000000'),
      configs('--alter', '--entity-type', 'brokers', '--entity-default', '--add-config', 'log.retention.ms=7000000'),
      configs('--describe', '--entity-type', 'brokers', '--entity-default'),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '2'),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '3'),
      configs('--describe', '--entity-type', 'brokers'),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '9'),
      configs('--alter', '--entity-type', 'brokers', '--entity-name', '2', '--delete-config', 'log.retention.ms'),
      configs('--alter', '--entity-type', 'brokers', '--entity-default', '--delete-config', 'log.retention.ms'),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '2'),
    ],
  },
  {
    name: 'records reach every replica',
    steps: [
      produce('orders', 30),
      produce('pair', 10),
      produce('strict', 7),
      offsets('--topic', 'strict'),
      offsets('--topic', 'alone'),
      {
        tool: 'kafka-console-consumer',
        args: ['--topic', 'orders', '--from-beginning', '--max-messages', '30', '--group', 'readers'],
        sortLines: true,
      },
      {
        tool: 'kafka-consumer-groups',
        args: ['--describe', '--group', 'readers'],
        sortLines: true,
      },
      state,
      { tool: 'kafka-consumer-groups', args: ['--list'] },
      logDirs('--topic-list', 'strict'),
      logDirs('--topic-list', 'pair'),
      logDirs('--broker-list', '2', '--topic-list', 'strict'),
      logDirs('--broker-list', '2,9'),
    ],
  },
  {
    name: 'kafka-delete-records moves the start of every replica',
    steps: [
      {
        tool: 'kafka-delete-records',
        args: ['--offset-json-file', '{dir}/offsets.json'],
        files: {
          'offsets.json': JSON.stringify({ partitions: [{ topic: 'strict', partition: 0, offset: 3 }], version: 1 }),
        },
      },
      offsets('--topic', 'strict', '--time', 'earliest'),
    ],
  },
  {
    name: 'a node goes',
    steps: [
      { node: 3, action: 'stop' },
      { ...describe(), until: /alone.*Leader: none/ },
      ...whole,
      cluster('list-endpoints'),
      cluster('list-endpoints', '--include-fenced-brokers'),
      offsets('--topic', 'strict'),
      elect('--election-type', 'preferred', '--topic', 'orders', '--partition', '2'),
      elect('--election-type', 'unclean', '--topic', 'alone', '--partition', '0'),
      elect('--election-type', 'unclean', '--topic', 'orders', '--partition', '0'),
      state,
    ],
  },
  {
    name: 'a node comes back',
    steps: [
      { node: 3, action: 'start' },
      { ...describe('--topic', 'orders'), until: /(Isr: \d,\d,\d[^]*){3}/ },
      { ...describe('--topic', 'strict'), until: /Isr: \d,\d,\d/ },
      { ...describe('--topic', 'alone'), until: /Leader: 3/ },
      elect('--election-type', 'preferred', '--topic', 'orders', '--partition', '2'),
      elect('--election-type', 'preferred', '--topic', 'orders', '--partition', '2'),
      elect('--election-type', 'preferred', '--topic', 'none-of-these', '--partition', '2'),
      {
        ...elect('--election-type', 'preferred', '--all-topic-partitions'),
        varies: [[/(__consumer_offsets-\d(, )?)+/, '<some of __consumer_offsets>']],
      },
      describe('--topic', 'orders'),
      ...whole,
    ],
  },
  {
    name: 'kafka-reassign-partitions moves replicas',
    steps: [
      {
        tool: 'kafka-reassign-partitions',
        args: ['--generate', '--topics-to-move-json-file', '{dir}/topics.json', '--broker-list', '1,2,3'],
        files: { 'topics.json': JSON.stringify({ topics: [{ topic: 'pair' }], version: 1 }) },
        varies: [[/^(\{"version":1.*"replicas":)(?!\[1,2\])\[[\d,]+\](.*)$/, '<proposed>']],
      },
      reassign(toThree, '--execute'),
      { ...reassign(toThree, '--verify'), until: /(is completed[^]*){3}/ },
      describe('--topic', 'orders'),
      describe('--topic', 'pair'),
      { tool: 'kafka-reassign-partitions', args: ['--list'] },
      logDirs('--topic-list', 'orders'),
      logDirs('--topic-list', 'pair'),
      reassign([{ topic: 'orders', partition: 0, replicas: [1, 9] }], '--execute'),
      reassign([{ topic: 'orders', partition: 9, replicas: [1, 2] }], '--execute'),
      reassign([{ topic: 'nothing', partition: 0, replicas: [1, 2] }], '--execute'),
      reassign([{ topic: 'orders', partition: 0, replicas: [1, 1] }], '--execute'),
      reassign([{ topic: 'orders', partition: 0, replicas: [1, 2, 3] }], '--execute', '--disallow-replication-factor-change'),
    ],
  },
  {
    name: 'kafka-reassign-partitions throttles',
    steps: [
      reassign(alone([1, 3]), '--execute', '--throttle', '1000000'),
      configs('--describe', '--entity-type', 'topics', '--entity-name', 'alone'),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '3'),
      { ...reassign(alone([1, 3]), '--verify', '--preserve-throttles'), until: /is completed/ },
      configs('--describe', '--entity-type', 'topics', '--entity-name', 'alone'),
      reassign(alone([1, 3]), '--verify'),
      configs('--describe', '--entity-type', 'topics', '--entity-name', 'alone'),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '3'),
      describe('--topic', 'alone'),
    ],
  },
  {
    // A thousand bytes a second, in fetches of replica.fetch.max.bytes: the move would take half an hour.
    name: 'kafka-reassign-partitions holds a move back, and lets it go',
    steps: [
      topics('--create', '--topic', 'heavy', '--replica-assignment', '1'),
      { ...run('kafka-producer-perf-test')('--topic', 'heavy', '--num-records', '2000', '--record-size', '1000', '--throughput', '-1'), isQuiet: true },
      reassign(heavy, '--execute', '--throttle', '1000'),
      configs('--describe', '--entity-type', 'topics', '--entity-name', 'heavy'),
      reassign(heavy, '--verify'),
      { tool: 'kafka-reassign-partitions', args: ['--list'] },
      describe('--topic', 'heavy'),
      reassign(heavy, '--execute', '--additional', '--throttle', '100000000'),
      { ...reassign(heavy, '--verify'), until: /is completed/ },
      configs('--describe', '--entity-type', 'topics', '--entity-name', 'heavy'),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '1'),
      describe('--topic', 'heavy'),
      topics('--delete', '--topic', 'heavy'),
    ],
  },
  {
    name: 'kafka-reassign-partitions cancels what waits for a node, which kafka-cluster unregisters',
    steps: [
      { node: 2, action: 'stop' },
      { ...describe('--topic', 'strict'), until: /Isr: \d,\d\s/ },
      reassign(alone([3, 2]), '--execute'),
      {
        ask: 'AlterPartitionReassignments',
        request: { timeoutMs: 10_000, topics: [{ name: 'alone', partitions: [{ partitionIndex: 0, replicas: [3, 2] }] }] },
      },
      reassign(alone([3, 2]), '--verify', '--preserve-throttles'),
      { tool: 'kafka-reassign-partitions', args: ['--list'] },
      describe('--topic', 'alone'),
      describe('--under-replicated-partitions', '--topic', 'alone'),
      reassign(alone([1]), '--execute'),
      reassign(alone([3, 2]), '--cancel', '--preserve-throttles'),
      reassign(alone([3, 2]), '--cancel', '--preserve-throttles'),
      reassign(alone([3, 2]), '--verify', '--preserve-throttles'),
      describe('--topic', 'alone'),
      cluster('unregister', '--id', '2'),
      cluster('list-endpoints', '--include-fenced-brokers'),
      { node: 2, action: 'start' },
      { ...describe('--topic', 'strict'), until: /Isr: \d,\d,\d/ },
      cluster('list-endpoints', '--include-fenced-brokers'),
    ],
  },
];

function alone(replicas: readonly number[]): readonly Move[] {
  return [{ topic: 'alone', partition: 0, replicas }];
}
