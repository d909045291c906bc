/** What is set before configs are described, at Kafka and here alike. */

/** Static properties beside those of a single node. */
export const STATIC: Readonly<Record<string, string>> = {
  'log.retention.hours': '100',
  'log.segment.bytes': '2097152',
  'num.io.threads': '9',
  'log.roll.ms': '99999',
  'compression.type': 'lz4',
  'ssl.key.password': 'secret',
  'my.own.key': 'x',
  'group.consumer.heartbeat.interval.ms': '6000',
  'listener.name.plaintext.max.connections': '50',
};

export const CREATED = [
  {
    name: 'altered',
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [
      { name: 'retention.ms', value: '1234' },
      { name: 'cleanup.policy', value: 'compact,delete' },
      { name: 'min.cleanable.dirty.ratio', value: '.25' },
      { name: 'internal.segment.bytes', value: '4096' },
    ],
  },
  { name: 'plain', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
];

const set = (name: string, value: string) => ({ name, configOperation: 0, value });

export const ALTERED = [
  { resourceType: 4, resourceName: '', configs: [set('log.segment.bytes', '3145728'), set('log.cleaner.threads', '2')] },
  {
    resourceType: 4,
    resourceName: '1',
    configs: [set('log.segment.bytes', '4194304'), set('message.max.bytes', '77777'), set('some.plugin.key', 'y')],
  },
  { resourceType: 32, resourceName: 'a-group', configs: [set('consumer.session.timeout.ms', '46000')] },
];

export const DESCRIBED = [
  { resourceType: 2, resourceName: 'plain', configurationKeys: null },
  { resourceType: 2, resourceName: 'altered', configurationKeys: null },
  { resourceType: 4, resourceName: '1', configurationKeys: null },
  { resourceType: 4, resourceName: '', configurationKeys: null },
  { resourceType: 32, resourceName: 'a-group', configurationKeys: null },
];
