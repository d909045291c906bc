/** The keys of a flow that have an effect, with MirrorMaker 2's names, defaults and units (Kafka 4.3); `offsets.preserve` is ours. */
import { type ConfigDefinition, type Validator, defineConfig } from '../../wire/base/config-definition';
import { atLeast, oneOf } from '../../wire/base/config-validators';

/** As a sentence about intervals: MirrorMaker turns off what has a negative one. */
const seconds: Validator<number> = {
  allowed: 'above 0 (a number below 0 turns it off)',
  accepts: (value) => value !== 0 && value < 2 ** 31,
};
const enabled = { type: 'boolean', default: true } as const;
const interval = (value: number) => ({ type: 'long', default: value, validator: seconds }) as const;
const replicas = (value: number) =>
  ({
    type: 'int',
    default: value,
    validator: {
      allowed: 'at least 1, or -1 for the default of the cluster',
      accepts: (given: number) => given >= 1 || given === -1,
    },
  }) as const;

export const flowKeys = defineConfig({
  enabled: { type: 'boolean', default: false },
  topics: { type: 'list', default: ['.*'] },
  'topics.exclude': { type: 'list', default: ['mm2.*\\.internal', '.*\\.replica', '__.*'] },
  groups: { type: 'list', default: ['.*'] },
  'groups.exclude': { type: 'list', default: ['console-consumer-.*', 'connect-.*', '__.*'] },
  'config.properties.exclude': {
    type: 'list',
    default: [
      'follower.replication.throttled.replicas',
      'leader.replication.throttled.replicas',
      'message.timestamp.difference.max.ms',
      'log.message.timestamp.before.max.ms',
      'log.message.timestamp.after.max.ms',
      'message.timestamp.type',
      'unclean.leader.election.enable',
      'min.insync.replicas',
    ],
  },
  'use.defaults.from': { type: 'string', default: 'target', validator: oneOf('source', 'target') },
  'replication.factor': replicas(2),
  'replication.policy.class': { type: 'class', default: 'org.apache.kafka.connect.mirror.DefaultReplicationPolicy' },
  'replication.policy.separator': {
    type: 'string',
    default: '.',
    validator: { allowed: 'one or more characters', accepts: (value: string) => value !== '' },
  },
  'replication.policy.internal.topic.separator.enabled': enabled,
  'refresh.topics.enabled': enabled,
  'refresh.topics.interval.seconds': interval(600),
  'refresh.groups.enabled': enabled,
  'refresh.groups.interval.seconds': interval(600),
  'sync.topic.configs.enabled': enabled,
  'sync.topic.configs.interval.seconds': interval(600),
  'sync.group.offsets.enabled': { type: 'boolean', default: false },
  'sync.group.offsets.interval.seconds': interval(60),
  'emit.checkpoints.enabled': enabled,
  'emit.checkpoints.interval.seconds': interval(60),
  'emit.heartbeats.enabled': enabled,
  'emit.heartbeats.interval.seconds': interval(1),
  'emit.offset-syncs.enabled': enabled,
  'heartbeats.replication.enabled': enabled,
  'offset-syncs.topic.location': { type: 'string', default: 'source', validator: oneOf('source', 'target') },
  'offset-syncs.topic.replication.factor': replicas(3),
  'checkpoints.topic.replication.factor': replicas(3),
  'heartbeats.topic.replication.factor': replicas(3),
  'offset.lag.max': { type: 'long', default: 100, validator: atLeast(0) },
  'offsets.preserve': { type: 'boolean', default: false },
});

export type FlowKeys = (typeof flowKeys)['definitions'];

/** Keys of the connection to one cluster that have an effect. */
export const clusterKeys = {
  'bootstrap.servers': { type: 'list' },
  'client.id': { type: 'string', default: 'moldau-mirror' },
  'request.timeout.ms': { type: 'int', default: 30_000, validator: atLeast(1) },
  'auto.offset.reset': { type: 'string', default: 'earliest', validator: oneOf('earliest', 'latest') },
} as const satisfies Record<string, ConfigDefinition>;

/** Keys that name classes of Kafka's own that we stand in for; another class would do something that we do not. */
export const onlyClasses: Readonly<Record<string, string>> = {
  'topic.filter.class': 'DefaultTopicFilter',
  'group.filter.class': 'DefaultGroupFilter',
  'config.property.filter.class': 'DefaultConfigPropertyFilter',
  'forwarding.admin.class': 'ForwardingAdmin',
};
