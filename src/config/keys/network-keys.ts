/** Listeners, connections and requests. Names, types, defaults and bounds are Apache Kafka 4.3's. */
import { defineConfig } from '../../../wire/base/config-definition';
import { INT_MAX } from '../../../wire/base/config-text';
import { atLeast, entries } from '../../../wire/base/config-validators';

export const networkKeys = defineConfig({
  'advertised.listeners': { type: 'list', default: null, validator: entries(false) },
  'background.threads': { type: 'int', default: 10, validator: atLeast(1), dynamic: 'cluster' },
  'broker.id': { type: 'int', default: -1 },
  'broker.rack': { type: 'string', default: null },
  'config.providers': { type: 'list', default: [], validator: entries(true), dynamic: 'cluster' },
  'connection.failed.authentication.delay.ms': { type: 'int', default: 100, validator: atLeast(0) },
  'connections.max.idle.ms': { type: 'long', default: 600000 },
  'controlled.shutdown.enable': { type: 'boolean', default: true },
  'delete.topic.enable': { type: 'boolean', default: true },
  'early.start.listeners': { type: 'list', default: null, validator: entries(true) },
  'fetch.max.bytes': { type: 'int', default: 57671680, validator: atLeast(1024) },
  'listener.security.protocol.map': {
    type: 'string',
    default: 'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    dynamic: 'broker',
  },
  listeners: { type: 'list', default: ['PLAINTEXT://:9092'], validator: entries(false), dynamic: 'broker' },
  'max.connection.creation.rate': { type: 'int', default: INT_MAX, validator: atLeast(0), dynamic: 'cluster' },
  'max.connections': { type: 'int', default: INT_MAX, validator: atLeast(0), dynamic: 'cluster' },
  'max.connections.per.ip': { type: 'int', default: INT_MAX, validator: atLeast(0), dynamic: 'cluster' },
  'max.connections.per.ip.overrides': { type: 'string', default: '', dynamic: 'cluster' },
  'max.incremental.fetch.session.cache.slots': { type: 'int', default: 1000, validator: atLeast(0) },
  'max.request.partition.size.limit': { type: 'int', default: 2000, validator: atLeast(1) },
  'num.io.threads': { type: 'int', default: 8, validator: atLeast(1), dynamic: 'cluster' },
  'num.network.threads': { type: 'int', default: 3, validator: atLeast(1), dynamic: 'cluster' },
  'num.replica.alter.log.dirs.threads': { type: 'int', default: null },
  'queued.max.request.bytes': { type: 'long', default: -1 },
  'queued.max.requests': { type: 'int', default: 500, validator: atLeast(1) },
  'request.timeout.ms': { type: 'int', default: 30000 },
  'socket.connection.setup.timeout.max.ms': { type: 'long', default: 30000 },
  'socket.connection.setup.timeout.ms': { type: 'long', default: 10000 },
  'socket.listen.backlog.size': { type: 'int', default: 50, validator: atLeast(1) },
  'socket.receive.buffer.bytes': { type: 'int', default: 102400 },
  'socket.request.max.bytes': { type: 'int', default: 104857600, validator: atLeast(1) },
  'socket.send.buffer.bytes': { type: 'int', default: 102400 },
  'unstable.api.versions.enable': { type: 'boolean', default: false, internal: true },
  'unstable.feature.versions.enable': { type: 'boolean', default: false, internal: true },
});
