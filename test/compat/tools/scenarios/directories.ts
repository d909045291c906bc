/**
 * Replicas that move between the log directories of their brokers (KIP-113), each of which has two: `{logs-1}` and
 * `{logs-1}-b`. In which one a new replica lies is chance, so each is told first.
 */
import type { ToolName } from '../../../support/kafka-tools';
import type { RunStep, Scenario } from '../scenario';
import { reassign, type Move } from './reassignments';

const run =
  (tool: ToolName) =>
  (...args: readonly string[]): RunStep => ({ tool, args });

const topics = run('kafka-topics');
const configs = run('kafka-configs');
const logDirs = (topic: string, brokers: string): RunStep => ({
  tool: 'kafka-log-dirs',
  args: ['--describe', '--topic-list', topic, '--broker-list', brokers],
  // In which order a broker lists its directories says nothing; how records came in batches is chance.
  varies: [[/"size":\d+/g, '"size":<n>'], [/"offsetLag":[1-9]\d*/g, '"offsetLag":<n>']],
  sortDirectories: true,
});

const move = (topic: string, replicas: readonly number[], log_dirs: readonly string[]): readonly Move[] => [
  { topic, partition: 0, replicas, log_dirs },
];

/** As a change of directories is told: by the replicas, in no order. */
const verified = (moves: readonly Move[], ...args: readonly string[]): RunStep => ({
  ...reassign(moves, '--verify', ...args),
  until: /^(?!.*still in progress)/s,
  sortLines: true,
});

const heavyHome = move('heavy', [1], ['{logs-1}']);
const heavyAway = move('heavy', [1], ['{logs-1}-b']);

export const directories: readonly Scenario[] = [
  {
    name: 'kafka-reassign-partitions moves replicas to the directories that it names',
    steps: [
      topics('--create', '--topic', 'light', '--replica-assignment', '1:2'),
      {
        tool: 'kafka-console-producer',
        args: ['--topic', 'light', '--command-property', 'acks=all'],
        stdin: Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join(''),
      },
      { ...reassign(move('light', [1, 2], ['{logs-1}', '{logs-2}']), '--execute'), isQuiet: true },
      verified(move('light', [1, 2], ['{logs-1}', '{logs-2}'])),
      logDirs('light', '1,2'),
      reassign(move('light', [1, 2], ['{logs-1}-b', '{logs-2}-b']), '--execute'),
      verified(move('light', [1, 2], ['{logs-1}-b', '{logs-2}-b'])),
      logDirs('light', '1,2'),
      reassign(move('light', [1, 2], ['{logs-1}', 'any']), '--execute'),
      verified(move('light', [1, 2], ['{logs-1}', 'any'])),
      logDirs('light', '1,2'),
      { tool: 'kafka-console-consumer', args: ['--topic', 'light', '--from-beginning', '--max-messages', '30'] },
    ],
  },
  {
    name: 'kafka-reassign-partitions moves replicas to directories of other brokers',
    steps: [
      reassign(move('light', [3, 1], ['{logs-3}-b', '{logs-1}-b']), '--execute'),
      verified(move('light', [3, 1], ['{logs-3}-b', '{logs-1}-b'])),
      logDirs('light', '1,2,3'),
      topics('--describe', '--topic', 'light'),
    ],
  },
  {
    name: 'kafka-reassign-partitions is told what is wrong with a directory',
    steps: [
      reassign(move('light', [3, 1], ['relative', 'any']), '--execute'),
      reassign(move('light', [3, 1], ['any']), '--execute'),
      reassign(move('light', [3, 1], ['/nowhere/at/all', 'any']), '--verify'),
      logDirs('light', '1,3'),
    ],
  },
  {
    // A thousand bytes a second, in pieces of replica.fetch.max.bytes: the move would take half an hour.
    name: 'a move between directories is held back, outlives its broker, is taken back, and let go',
    steps: [
      topics('--create', '--topic', 'heavy', '--replica-assignment', '1'),
      {
        ...run('kafka-producer-perf-test')('--topic', 'heavy', '--num-records', '2000', '--record-size', '1000', '--throughput', '-1'),
        isQuiet: true,
      },
      { ...reassign(heavyHome, '--execute'), isQuiet: true },
      verified(heavyHome),
      reassign(heavyAway, '--execute', '--replica-alter-log-dirs-throttle', '1000'),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '1'),
      reassign(heavyAway, '--verify', '--preserve-throttles'),
      logDirs('heavy', '1'),
      { node: 1, action: 'stop' },
      { node: 1, action: 'start' },
      { ...topics('--describe', '--topic', 'heavy'), until: /Leader: 1/ },
      reassign(heavyAway, '--verify', '--preserve-throttles'),
      logDirs('heavy', '1'),
      reassign(heavyHome, '--execute', '--additional'),
      verified(heavyHome, '--preserve-throttles'),
      logDirs('heavy', '1'),
      reassign(heavyAway, '--execute', '--additional', '--replica-alter-log-dirs-throttle', '100000000'),
      verified(heavyAway),
      configs('--describe', '--entity-type', 'brokers', '--entity-name', '1'),
      logDirs('heavy', '1'),
    ],
  },
];
