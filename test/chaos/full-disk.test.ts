/** A disk of 64 MB that fills up under load and gets room again: with everything on it, the metadata log too. */
import { encodeBatch } from '../../wire/record/records';
import type { ClusterClient } from '../../wire/cluster-client';
import { SimRandom } from '../sim/random';
import { LoopDisk } from '../support/loop-disk';
import { type MoldauProcess, startMoldau } from '../support/moldau-process';
import { needs } from '../support/needs';
import { clientEnv, withClient } from './support/client-env';
import { Committer } from './support/committer';
import { Ledger } from './support/ledger';
import { WireProducer } from './support/producers';
import { problemsOf } from './support/read-log';

const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const TOPIC = 'chaos';
const PARTITIONS = 3;
const ROUNDS = 3;
const DISK_MB = 64;
const MB = 1024 * 1024;
const TOPIC_RESOURCE = 2;
const SET = 0;

const PROPERTIES = {
  'log.retention.check.interval.ms': '200',
  'log.initial.task.delay.ms': '200',
  'log.segment.delete.delay.ms': '100',
  'log.flush.offset.checkpoint.interval.ms': '500',
};

needs('loop')('a disk that fills up', () => {
  const random = new SimRandom(`full ${SEED}`);
  let disk: LoopDisk;
  let broker: MoldauProcess;

  beforeEach(async () => {
    disk = new LoopDisk(DISK_MB);
    broker = await startMoldau({ logDir: `${disk.path}/logs`, properties: PROPERTIES });
    const configs = { 'segment.bytes': String(MB) };
    await withClient(broker.port, (client) => client.createTopic(TOPIC, PARTITIONS, 1, configs));
  });
  afterEach(async () => {
    await broker.dispose();
    disk.dispose();
  });

  function newWriters() {
    const ledger = new Ledger();
    const target = { topic: TOPIC, partitions: PARTITIONS, ledger };
    const producers = [
      new WireProducer(target, { name: 'one', acks: 1, random }),
      new WireProducer(target, { name: 'all', acks: -1, random }),
      new WireProducer(target, { name: 'idempotent', acks: -1, isIdempotent: true, random }),
    ];
    return { ledger, target, producers, committer: new Committer('chaos-group', TOPIC) };
  }

  async function stopAll(clients: readonly { stop(): void }[], running: readonly { readonly ended: Promise<void> }[]) {
    for (const client of clients) client.stop();
    await Promise.all(running.map(({ ended }) => ended));
  }

  /** Lines of the logger that tell of a full directory. */
  function saidFull(): string[] {
    return broker.child.stderr.split('\n').filter((line) => /Log directory \S+ is full/.test(line));
  }

  test('refuses appends, serves reads, and takes appends again when retention has made room', async () => {
    const { ledger, target, producers, committer } = newWriters();
    const clients = [...producers, committer];
    const running = await Promise.all(clients.map((client) => client.start(broker.port)));
    for (let round = 0; round < ROUNDS; round++) {
      await withClient(broker.port, (client) => setRetention(client, -1));
      await Promise.all(producers.map((producer) => producer.refused('KAFKA_STORAGE_ERROR', 20)));
      expect(await problemsOf(broker.port, target, 'everything acked')).toEqual([]);
      await withClient(broker.port, (client) => setRetention(client, 2 * MB));
      await ledger.ackedMore(2000);
    }
    await stopAll(clients, running);
    expect(await problemsOf(broker.port, target, 'everything acked')).toEqual([]);
    expect(await committer.committed(broker.port)).toBe(committer.ackedOffset);
    // One sentence each time, not one for each append.
    expect(saidFull()).toHaveLength(ROUNDS);
    expect(saidFull()[0]).toContain('Reads go on; records are refused until 8388608 bytes are free.');
  }, 120_000);

  test('can be killed and started again while it is full, and loses nothing', async () => {
    const { ledger, target, producers } = newWriters();
    for (let round = 0; round < ROUNDS; round++) {
      const running = await Promise.all(producers.map((producer) => producer.start(broker.port)));
      await Promise.all(producers.map((producer) => producer.refused('KAFKA_STORAGE_ERROR', 5)));
      await broker.kill();
      await Promise.all(running.map(({ ended }) => ended));
      broker = await startMoldau({ restartOf: broker, properties: PROPERTIES });
      expect(await problemsOf(broker.port, target, 'everything acked')).toEqual([]);
    }
    const running = await Promise.all(producers.map((producer) => producer.start(broker.port)));
    await withClient(broker.port, (client) => setRetention(client, 2 * MB));
    await ledger.ackedMore(2000);
    await stopAll(producers, running);
    expect(await problemsOf(broker.port, target, 'everything acked')).toEqual([]);
  }, 120_000);

  test('may be filled to the last byte by others: the quorum waits with its writes, and the broker lives', async () => {
    const { ledger, target, producers, committer } = newWriters();
    const clients = [...producers, committer];
    const running = await Promise.all(clients.map((client) => client.start(broker.port)));
    await ledger.ackedMore(1000);
    disk.fill();
    await Promise.all(producers.map((producer) => producer.refused('KAFKA_STORAGE_ERROR', 20)));
    const created = withClient(broker.port, (client) => client.createTopic('later', 1));
    // The quorum writes at least twice a second, and checkpoints come as often: each of them meets the full disk.
    await Promise.all(producers.map((producer) => producer.refused('KAFKA_STORAGE_ERROR', 100)));
    expect(await problemsOf(broker.port, target, 'everything acked')).toEqual([]);
    disk.removeFiller();
    await created;
    await ledger.ackedMore(1000);
    await stopAll(clients, running);
    expect(await problemsOf(broker.port, target, 'everything acked')).toEqual([]);
    expect(await committer.committed(broker.port)).toBe(committer.ackedOffset);
    expect(saidFull()).toHaveLength(1);
    expect(await writeOnce(broker.port, 'later')).toBe(0);
  }, 120_000);

  test('without a single byte left a start says why it cannot be, and later ones find everything', async () => {
    const { ledger, target, producers } = newWriters();
    const running = await Promise.all(producers.map((producer) => producer.start(broker.port)));
    await ledger.ackedMore(1000);
    disk.fill();
    await broker.kill();
    await Promise.all(running.map(({ ended }) => ended));
    await expect(startMoldau({ restartOf: broker, properties: PROPERTIES })).rejects.toThrow(/moldau: .*no space/i);
    disk.removeFiller();
    broker = await startMoldau({ restartOf: broker, properties: PROPERTIES });
    expect(await problemsOf(broker.port, target, 'everything acked')).toEqual([]);
  }, 60_000);
});

/** Resolves with the offset that a record got. */
async function writeOnce(port: number, topic: string): Promise<number> {
  const batch = encodeBatch({ records: [{ key: null, value: Buffer.from('x'), timestampMs: 1 }] }, clientEnv.crc32c);
  return withClient(port, async (client) => (await client.produce(topic, 0, batch)).baseOffset);
}

async function setRetention(client: ClusterClient, bytes: number): Promise<void> {
  const configs = [{ name: 'retention.bytes', configOperation: SET, value: String(bytes) }];
  const resources = [{ resourceType: TOPIC_RESOURCE, resourceName: TOPIC, configs }];
  const { responses } = await client.ask('any', 'IncrementalAlterConfigs', { resources, validateOnly: false });
  expect(responses.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual([[0, null]]);
}
