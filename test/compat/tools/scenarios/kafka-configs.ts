import type { Scenario, Step } from '../scenario';

const configs = (...args: readonly string[]): Step => ({ tool: 'kafka-configs', args });
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
];
