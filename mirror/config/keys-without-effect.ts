/**
 * Kafka's keys that may stand in a file of MirrorMaker 2 and change nothing here: those of Kafka's producers, consumers and
 * admin clients, and of Connect's workers and connectors (Kafka 4.3). Some come with the reason, because somebody may rely
 * on what they did.
 */

/** Of Kafka's clients. */
const CLIENT_KEYS = `
  acks allow.auto.create.topics auto.commit.interval.ms batch.size bootstrap.controllers buffer.memory check.crcs
  client.dns.lookup client.rack compression.gzip.level compression.lz4.level compression.type
  compression.zstd.level connections.max.idle.ms default.api.timeout.ms delivery.timeout.ms enable.auto.commit
  enable.idempotence enable.metrics.push exclude.internal.topics fetch.max.bytes fetch.max.wait.ms
  fetch.min.bytes group.id group.instance.id group.protocol group.remote.assignor heartbeat.interval.ms
  interceptor.classes isolation.level key.deserializer key.serializer linger.ms max.block.ms
  max.in.flight.requests.per.connection max.partition.fetch.bytes max.poll.interval.ms max.poll.records
  max.request.size metadata.max.age.ms metadata.max.idle.ms metadata.recovery.rebootstrap.trigger.ms
  metadata.recovery.strategy metric.reporters metrics.num.samples metrics.recording.level
  metrics.sample.window.ms partition.assignment.strategy partitioner.adaptive.partitioning.enable
  partitioner.availability.timeout.ms partitioner.class partitioner.ignore.keys receive.buffer.bytes
  reconnect.backoff.max.ms reconnect.backoff.ms retries retry.backoff.max.ms retry.backoff.ms security.providers
  send.buffer.bytes session.timeout.ms share.acknowledgement.mode share.acquire.mode
  socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms transaction.timeout.ms
  transaction.two.phase.commit.enable transactional.id value.deserializer value.serializer
`;

/** Of Connect, and of the connectors that MirrorMaker consists of. */
const CONNECT_KEYS = `
  access.control.allow.methods access.control.allow.origin admin.listeners admin.timeout.ms config.action.reload
  config.storage.replication.factor config.storage.topic connect.protocol connector.class
  connector.client.config.override.policy connector.plugin.version consumer.poll.timeout.ms
  dedicated.mode.enable.internal.rest errors.log.enable errors.log.include.messages errors.retry.delay.max.ms
  errors.retry.timeout errors.tolerance exactly.once.source.support header.converter
  header.converter.plugin.version inter.worker.key.generation.algorithm inter.worker.key.size
  inter.worker.key.ttl.ms inter.worker.signature.algorithm inter.worker.verification.algorithms key.converter
  key.converter.plugin.version listeners metric.names.formats name offset.flush.interval.ms
  offset.flush.timeout.ms offset.storage.partitions offset.storage.replication.factor offset.storage.topic
  plugin.discovery plugin.path rebalance.timeout.ms response.http.headers.config rest.advertised.host.name
  rest.advertised.listener rest.advertised.port rest.extension.classes scheduled.rebalance.max.delay.ms
  source.cluster.alias status.storage.partitions status.storage.replication.factor status.storage.topic
  target.cluster.alias task.shutdown.graceful.timeout.ms tasks.max.enforce topic.creation.enable
  topic.tracking.allow.reset topic.tracking.enable value.converter value.converter.plugin.version
  worker.sync.timeout.ms worker.unsync.backoff.ms
`;

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const KNOWN: ReadonlySet<string> = new Set([...words(CLIENT_KEYS), ...words(CONNECT_KEYS)]);

/** A whole sentence goes on behind "<key> has no effect: ". */
const REASONS: Readonly<Record<string, string>> = {
  'tasks.max': 'a process copies all its partitions at once; start several processes to share them',
  'exactly.once.source.support':
    "the mirror writes idempotently and stores its positions after the target's acks, see mirror/README.md for what that holds",
  'sync.topic.acls.enabled': 'ACLs are not mirrored; create them on the target',
  'sync.topic.acls.interval.seconds': 'ACLs are not mirrored; create them on the target',
  'isolation.level': 'records of transactions are copied when they are committed, and aborted ones never',
  'compression.type': 'batches stay compressed as they were',
  acks: 'the mirror always waits for all in-sync replicas',
  'enable.idempotence': 'the mirror always writes idempotently',
  'auto.commit.interval.ms': 'positions are stored after the acks of the target',
  'enable.auto.commit': 'positions are stored after the acks of the target',
  'offset.storage.topic': "positions are kept as offsets of the mirror's own group on the target",
  'offset.storage.replication.factor': "positions are kept as offsets of the mirror's own group on the target",
  'offset.storage.partitions': "positions are kept as offsets of the mirror's own group on the target",
};

/** Why a known key has no effect here; '' when there is nothing to explain, null when nobody knows the key. */
export function withoutEffect(key: string): string | null {
  const reason = REASONS[key];
  if (reason !== undefined) return reason;
  if (/^(sasl|ssl)\./.test(key)) return 'the mirror connects by PLAINTEXT only';
  return KNOWN.has(key) ? '' : null;
}

export const keysWithoutEffect: readonly string[] = [...KNOWN, ...Object.keys(REASONS)];
