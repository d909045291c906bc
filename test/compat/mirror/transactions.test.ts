/**
 * What only Apache Kafka writes today, mirrored to Moldau: transactions, committed and aborted, and a topic that was compacted
 * before it is copied.
 */
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ServerError } from '../../../wire/broker-link';
import { ClusterClient } from '../../../wire/cluster-client';
import { encodeBatch } from '../../../wire/record/records';
import { mirrorBetween, addressOf } from '../../mirror/support/mirror-settings';
import { CopyBench, quietLogger } from '../../mirror/support/copy-bench';
import { until, untilFound } from '../../support/until';
import { startKafkaPeer, type BrokerProcess } from '../../support/kafka-peer';
import { startMoldau } from '../../support/moldau-process';
import { needs } from '../../support/needs';

const env = createNodeBaseEnv({ logger: quietLogger('mirror') });

needs('kafka')('what Apache Kafka keeps between records', () => {
  let kafka: BrokerProcess;
  let moldau: BrokerProcess;
  let source: ClusterClient;
  let target: ClusterClient;

  beforeAll(async () => {
    const properties = { 'log.cleaner.backoff.ms': '200', 'log.cleaner.min.cleanable.ratio': '0.01' };
    [kafka, moldau] = await Promise.all([startKafkaPeer({ properties }), startMoldau()]);
    const client = (broker: BrokerProcess): ClusterClient =>
      new ClusterClient(env, { bootstrap: [addressOf(broker)], clientId: 'test' });
    source = client(kafka);
    target = client(moldau);
  }, 120_000);

  afterAll(async () => {
    source.close();
    target.close();
    await Promise.all([kafka.dispose(), moldau.dispose()]);
  });

  test('records of committed transactions arrive, those of aborted ones do not, and markers take no place', async () => {
    await source.createTopic('tx.orders', 1, 1);
    const writer = new TransactionalWriter(source, 'writer-1', 'tx.orders');
    await writer.begin();
    await plain('tx.orders', 'before');
    await writer.transaction(['a1', 'a2'], true);
    await writer.transaction(['b1', 'b2', 'b3'], false);
    await plain('tx.orders', 'between');
    await writer.transaction(['c1'], true);
    await writer.transaction(['d1'], false);
    const mirror = mirrorBetween(env, kafka, moldau, 'tx\\..*');
    try {
      await until('all is copied', async () => (await valuesAt('A.tx.orders')).length >= 5);
      const endOffset = await source.listOffset('tx.orders', 0, -1);
      await until('the position is behind the last marker', () => {
        return mirror.flows[0]!.counters.partitions.get('A.tx.orders:0')?.lag.position === endOffset;
      });
      expect(await valuesAt('A.tx.orders')).toEqual(['before', 'a1', 'a2', 'between', 'c1']);
      const batches = await CopyBench.batches(target, 'A.tx.orders', 0);
      expect(batches.every((batch) => !batch.isTransactional && batch.isCrcValid(env.crc32c))).toBe(true);
    } finally {
      await mirror.stop();
    }
  }, 60_000);

  test('a compacted topic with holes in its batches arrives with every record that is left', async () => {
    const configs = {
      'cleanup.policy': 'compact',
      'segment.bytes': '1048576',
      'segment.ms': '500',
      'min.cleanable.dirty.ratio': '0.01',
    };
    await source.createTopic('holes.state', 1, 1, configs);
    for (let round = 0; round < 6; round++)
      await source.produce('holes.state', 0, round % 2 === 0 ? state(round, 0) : state(round, 1));
    await until('it is compacted', async () => {
      // A segment is closed by what comes after its time.
      await new Promise((resolve) => setTimeout(resolve, 300));
      await source.produce('holes.state', 0, encodeBatch({ records: [record('roll', 'x')] }, env.crc32c));
      const batches = await CopyBench.batches(source, 'holes.state', 0);
      return batches.some((batch) => batch.recordsCount !== batch.lastOffsetDelta + 1 && batch.recordsCount > 0);
    });
    const mirror = mirrorBetween(env, kafka, moldau, 'holes\\..*', { 'A->B.sync.topic.configs.enabled': 'false' });
    try {
      const endOffset = await source.listOffset('holes.state', 0, -1);
      await until(
        'all is copied',
        () => mirror.flows[0]!.counters.partitions.get('A.holes.state:0')?.lag.position === endOffset,
      );
      const latest = async (client: ClusterClient, topic: string): Promise<Record<string, string>> =>
        Object.fromEntries(
          (await CopyBench.records(client, topic, 0)).map(({ key, value }) => [text(key), text(value)]),
        );
      expect(await latest(target, 'A.holes.state')).toEqual(await latest(source, 'holes.state'));
      const batches = await CopyBench.batches(target, 'A.holes.state', 0);
      expect(batches.every((batch) => batch.recordsCount === batch.lastOffsetDelta + 1)).toBe(true);
    } finally {
      await mirror.stop();
    }
  }, 90_000);

  async function plain(topic: string, value: string): Promise<void> {
    await source.produce(topic, 0, encodeBatch({ records: [record('k', value)] }, env.crc32c));
  }

  async function valuesAt(topic: string): Promise<string[]> {
    try {
      return (await CopyBench.records(target, topic, 0)).map(({ value }) => text(value));
    } catch (error) {
      if (error instanceof ServerError) return [];
      throw error;
    }
  }
});

function text(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString();
}

function record(key: string, value: string) {
  return { key: Buffer.from(key), value: Buffer.from(value), timestampMs: Date.now() };
}

/** Every second key comes again in later rounds, so that batches lose some of their records. */
function state(round: number, parity: number): Uint8Array {
  const records = Array.from({ length: 20 }, (_, i) =>
    record(i % 2 === parity ? `key-${i}` : `only-${round}-${i}`, `round ${round}`),
  );
  return encodeBatch({ records }, env.crc32c);
}

/** A producer with a transactional id, request by request. */
class TransactionalWriter {
  private coordinator = -1;
  private producerId = -1;
  private producerEpoch = -1;
  private sequence = 0;

  constructor(
    private readonly client: ClusterClient,
    private readonly transactionalId: string,
    private readonly topic: string,
  ) {}

  async begin(): Promise<void> {
    const { transactionalId } = this;
    this.coordinator = await this.client.findCoordinator(transactionalId, 1);
    const request = { transactionalId, transactionTimeoutMs: 60_000 };
    const given = await untilFound('a producer id', async () => {
      const answer = await this.client.ask(this.coordinator, 'InitProducerId', request, { maxVersion: 4 });
      return answer.errorCode === 0 ? answer : null;
    });
    this.producerId = given.producerId;
    this.producerEpoch = given.producerEpoch;
  }

  async transaction(values: readonly string[], isCommitted: boolean): Promise<void> {
    const { transactionalId, producerId, producerEpoch, topic, sequence } = this;
    const added = await this.retried(() =>
      this.client
        .ask(
          this.coordinator,
          'AddPartitionsToTxn',
          {
            v3AndBelowTransactionalId: transactionalId,
            v3AndBelowProducerId: producerId,
            v3AndBelowProducerEpoch: producerEpoch,
            v3AndBelowTopics: [{ name: topic, partitions: [0] }],
          },
          { maxVersion: 3 },
        )
        .then((answer) => answer.resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode),
    );
    expect(added).toBe(0);
    const records = values.map((value) => record('k', value));
    const spec = { records, producerId, producerEpoch, baseSequence: sequence, isTransactional: true };
    await this.client.produce(topic, 0, encodeBatch(spec, env.crc32c), { transactionalId });
    this.sequence += values.length;
    const request = { transactionalId, producerId, producerEpoch, committed: isCommitted };
    const ended = await this.retried(() =>
      this.client.ask(this.coordinator, 'EndTxn', request, { maxVersion: 3 }).then(({ errorCode }) => errorCode),
    );
    expect(ended).toBe(0);
  }

  /** CONCURRENT_TRANSACTIONS: the markers of the one before are still being written. */
  private async retried(ask: () => Promise<number>): Promise<number> {
    return untilFound('the markers are written', async () => {
      const errorCode = await ask();
      return errorCode === ErrorCode.CONCURRENT_TRANSACTIONS ? null : errorCode;
    });
  }
}
