import type { Need, RunStep, Scenario } from '../scenario';

const produce = (topic: string, stdin: string, ...args: readonly string[]): RunStep => ({
  tool: 'kafka-console-producer',
  args: ['--topic', topic, ...args],
  stdin,
});

const consume = (topic: string, ...args: readonly string[]): RunStep => ({
  tool: 'kafka-console-consumer',
  args: ['--topic', topic, ...args],
});

const create = (topic: string, partitions: number): RunStep => ({
  tool: 'kafka-topics',
  args: ['--create', '--topic', topic, '--partitions', String(partitions)],
});

const EVERYTHING = ['timestamp', 'partition', 'offset', 'epoch', 'headers', 'key'].flatMap((field) => [
  '--formatter-property',
  `print.${field}=true`,
]);

const NEW_PROTOCOL = ['--group', 'new-protocol', '--command-property', 'group.protocol=consumer'] as const;

const newProtocol: Need = { api: 'ConsumerGroupHeartbeat', refusal: /UnsupportedVersionException/ };

export const consoleClients: readonly Scenario[] = [
  {
    name: 'kafka-console-producer writes what kafka-console-consumer reads',
    steps: [
      create('lines', 1),
      produce('lines', 'one\ntwo\nžluťoučký kůň\n\nfive\n'),
      consume('lines', '--from-beginning', '--max-messages', '5'),
      consume('lines', '--partition', '0', '--offset', '2', '--max-messages', '2', ...EVERYTHING),
      consume(
        'lines',
        '--partition',
        '0',
        '--offset',
        'earliest',
        '--max-messages',
        '1',
        '--formatter-property',
        'print.value=false',
        '--formatter-property',
        'print.offset=true',
      ),
      consume('lines', '--from-beginning', '--timeout-ms', '2500'),
      consume('lines', '--from-beginning', '--max-messages', '5', '--isolation-level', 'read_committed'),
      { ...consume('lines'), args: ['--include', 'lin.*', '--from-beginning', '--max-messages', '5'] },
    ],
  },
  {
    name: 'kafka-console-producer with keys, headers and nulls',
    steps: [
      create('keyed', 1),
      produce(
        'keyed',
        'h1:v1,h2:v2\tk1=one\nh1:v1\tk2=NULL\nNULL\tNULL=three\n',
        ...['parse.key=true', 'key.separator==', 'parse.headers=true', 'null.marker=NULL'].flatMap((property) => [
          '--reader-property',
          property,
        ]),
      ),
      consume('keyed', '--from-beginning', '--max-messages', '3', ...EVERYTHING),
      consume(
        'keyed',
        '--from-beginning',
        '--max-messages',
        '3',
        '--formatter-property',
        'print.key=true',
        '--formatter-property',
        'key.separator= -> ',
        '--formatter-property',
        'null.literal=nothing',
      ),
      produce('keyed', 'no separator in sight\n', '--reader-property', 'parse.key=true'),
    ],
  },
  {
    name: 'kafka-console-producer with every codec and every acks',
    steps: [
      create('codecs', 1),
      ...['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((codec) =>
        produce('codecs', `${codec} ${'x'.repeat(150)}\n`.repeat(3), '--compression-codec', codec),
      ),
      ...['0', '1', 'all'].map((acks) =>
        produce('codecs', `acks ${acks}\n`, '--request-required-acks', acks, '--sync', '--timeout', '0'),
      ),
      produce('codecs', 'a quiet producer\n', '--command-property', 'enable.idempotence=false'),
      consume('codecs', '--from-beginning', '--max-messages', '19', '--formatter-property', 'print.offset=true'),
    ],
  },
  {
    name: 'kafka-console-producer makes a topic that is missing',
    steps: [
      produce('made-on-the-way', 'hello\n'),
      consume('made-on-the-way', '--from-beginning', '--max-messages', '1'),
      { tool: 'kafka-topics', args: ['--describe', '--topic', 'made-on-the-way'] },
    ],
  },
  {
    name: 'kafka-console-producer is told when a record is too large',
    steps: [
      create('small', 1),
      { tool: 'kafka-configs', args: ['--alter', '--topic', 'small', '--add-config', 'max.message.bytes=1000'] },
      {
        ...produce('small', `${'y'.repeat(5000)}\n`, '--sync', '--timeout', '0'),
        allowed: [
          {
            reason: 'Moldau says how large it was and what is allowed',
            pattern: /(RecordTooLargeException): .*/,
            replacement: '$1: ...',
          },
        ],
      },
      consume('small', '--from-beginning', '--timeout-ms', '1000'),
    ],
  },
  {
    name: 'kafka-console-consumer in a group goes on where it stopped',
    steps: [
      create('grouped', 1),
      produce('grouped', 'a\nb\nc\nd\ne\n'),
      consume('grouped', '--group', 'readers', '--from-beginning', '--max-messages', '2'),
      consume('grouped', '--group', 'readers', '--max-messages', '2'),
      consume('grouped', '--group', 'readers', '--max-messages', '1', ...EVERYTHING),
      { tool: 'kafka-consumer-groups', args: ['--describe', '--group', 'readers'], until: /readers +grouped +0 +5 / },
      { ...consume('grouped', '--from-beginning', '--max-messages', '3', ...NEW_PROTOCOL), needs: newProtocol },
      { ...consume('grouped', '--max-messages', '2', ...NEW_PROTOCOL), needs: newProtocol },
    ],
  },
];
