import type { AllowedDifference, RunStep, Scenario, Step } from '../scenario';

const configs = (...args: readonly string[]): RunStep => ({ tool: 'kafka-configs', args });
const broker = ['--entity-type', 'brokers', '--entity-name', '1'] as const;
const allBrokers = ['--entity-type', 'brokers', '--entity-default'] as const;

const ownKeys: readonly AllowedDifference[] = [
  {
    reason: 'keys that Moldau adds',
    pattern: /^ {2}(auto\.rebalance\.[a-z.]+|broker\.fast\.\w+\.\w+\.ms|log\.flush\.before\.ack|log\.record\.validation|metrics\.listener|metrics\.max\.series)=/,
    replacement: null,
  },
  {
    reason: 'Moldau alone is its own quorum',
    pattern: /^ {2}(controller\.quorum\.voters|listeners)=.*/,
    replacement: '  $1=...',
  },
];

/** A value that a key does not take, refused in words of our own. */
const refused = (change: string): Step => ({
  tool: 'kafka-configs',
  args: ['--alter', ...topic, '--add-config', change],
  allowed: [
    {
      reason: 'Moldau says what the value must be',
      pattern: /(Invalid value \S+ for configuration \S+): .*/,
      replacement: '$1: ...',
    },
  ],
});

const topic = ['--entity-type', 'topics', '--entity-name', 'settings'] as const;

export const kafkaConfigs: readonly Scenario[] = [
  {
    name: 'kafka-configs describes and alters a topic',
    steps: [
      { tool: 'kafka-topics', args: ['--create', '--topic', 'settings', '--config', 'segment.bytes=1048576'] },
      configs('--describe', ...topic),
      configs('--describe', '--topic', 'settings', '--all'),
      configs('--alter', ...topic, '--add-config', 'retention.ms=60000,cleanup.policy=[compact,delete]'),
      configs('--describe', ...topic),
      configs('--alter', ...topic, '--add-config', 'retention.ms=70000', '--delete-config', 'segment.bytes'),
      configs('--describe', ...topic),
      {
        tool: 'kafka-configs',
        args: ['--alter', ...topic, '--add-config-file', '{dir}/add.properties'],
        files: { 'add.properties': 'max.message.bytes=2000000\nmin.insync.replicas=1\n' },
      },
      { tool: 'kafka-topics', args: ['--describe', '--topic', 'settings'] },
      configs(
        '--alter',
        ...topic,
        '--delete-config',
        'retention.ms,cleanup.policy,max.message.bytes,min.insync.replicas',
      ),
      configs('--describe', ...topic),
      configs('--describe', '--entity-type', 'topics'),
    ],
  },
  {
    name: 'kafka-configs says why a topic cannot be altered',
    steps: [
      refused('retention.ms=soon'),
      configs('--alter', ...topic, '--add-config', 'no.such.key=1'),
      refused('cleanup.policy=shred'),
      refused('compression.type=zip'),
      refused('segment.bytes=1'),
      refused('min.insync.replicas=0'),
      refused('preallocate=perhaps'),
      configs('--alter', ...topic, '--delete-config', 'segment.bytes'),
      configs('--alter', ...topic, '--delete-config', 'no.such.key'),
      configs('--alter', '--topic', 'absent', '--add-config', 'retention.ms=1'),
      configs('--describe', '--topic', 'absent'),
      configs('--describe', ...topic),
    ],
  },
  {
    name: 'kafka-configs describes and alters a broker',
    steps: [
      configs('--describe', ...broker),
      { ...configs('--describe', ...broker, '--all'), allowed: ownKeys },
      configs('--describe', ...allBrokers),
      configs('--alter', ...allBrokers, '--add-config', 'log.cleaner.threads=2'),
      configs('--describe', ...allBrokers),
      configs('--describe', ...broker),
      configs('--alter', ...allBrokers, '--delete-config', 'log.cleaner.threads'),
      configs('--alter', ...broker, '--add-config', 'node.id=4'),
      configs('--alter', ...broker, '--add-config', 'log.retention.ms=1000000'),
      configs('--describe', ...broker),
      configs('--alter', ...broker, '--delete-config', 'log.retention.ms'),
      configs('--describe', ...broker),
    ],
  },
];
