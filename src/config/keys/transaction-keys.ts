/** Transactions and idempotent producers (KIP-98, KIP-360, KIP-890). Names, types, defaults and bounds are Apache Kafka 4.3's. */
import { defineConfig } from '../../../wire/base/config-definition';
import { atLeast } from '../../../wire/base/config-validators';

export const transactionKeys = defineConfig({
  'add.partitions.to.txn.retry.backoff.max.ms': { type: 'int', default: 100, validator: atLeast(0) },
  'add.partitions.to.txn.retry.backoff.ms': { type: 'int', default: 20, validator: atLeast(1) },
  'producer.id.expiration.check.interval.ms': { type: 'int', default: 600000, validator: atLeast(1), internal: true },
  'producer.id.expiration.ms': { type: 'int', default: 86400000, validator: atLeast(1), dynamic: 'cluster' },
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': { type: 'int', default: 10000, validator: atLeast(1) },
  'transaction.max.timeout.ms': { type: 'int', default: 900000, validator: atLeast(1) },
  'transaction.partition.verification.enable': { type: 'boolean', default: true, dynamic: 'cluster' },
  'transaction.remove.expired.transaction.cleanup.interval.ms': {
    type: 'int',
    default: 3600000,
    validator: atLeast(1),
  },
  'transaction.state.log.load.buffer.size': { type: 'int', default: 5242880, validator: atLeast(1) },
  'transaction.state.log.min.isr': { type: 'int', default: 2, validator: atLeast(1) },
  'transaction.state.log.num.partitions': { type: 'int', default: 50, validator: atLeast(1) },
  'transaction.state.log.replication.factor': { type: 'short', default: 3, validator: atLeast(1) },
  'transaction.state.log.segment.bytes': { type: 'int', default: 104857600, validator: atLeast(1) },
  'transaction.two.phase.commit.enable': { type: 'boolean', default: false },
  'transactional.id.expiration.ms': { type: 'int', default: 604800000, validator: atLeast(1) },
});
