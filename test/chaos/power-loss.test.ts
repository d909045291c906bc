/**
 * Loss of power under load, on a disk of its own: what no fsync has covered is gone. The seed repeats a run's choices, not its
 * timing (CHAOS_SEED).
 */
import { SimRandom } from '../sim/random';
import { LoopDisk } from '../support/loop-disk';
import { type MoldauOptions, type MoldauProcess, startMoldau } from '../support/moldau-process';
import { needs } from '../support/needs';
import { encodeBatch } from '../../wire/record/records';
import { clientEnv, withClient } from './support/client-env';
import { Committer } from './support/committer';
import { Ledger, valueOf } from './support/ledger';
import { WireProducer } from './support/producers';
import { problemsOf } from './support/read-log';

const ROUNDS = 5;
const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const TOPIC = 'chaos';
const PARTITIONS = 3;
const CONFIGS = { 'internal.segment.bytes': String(256 * 1024) };
const DISK_MB = 256;
const MAX_ACKS_PER_ROUND = 1500;
const END_TIMEOUT_MS = 30_000;

needs('loop')('loss of power', () => {
  let disk: LoopDisk;
  let broker: MoldauProcess | null = null;
  beforeEach(() => {
    disk = new LoopDisk(DISK_MB);
  });
  afterEach(async () => {
    await broker?.dispose();
    broker = null;
    disk.dispose();
  });

  async function start(options: MoldauOptions): Promise<MoldauProcess> {
    const restart = broker === null ? {} : { restartOf: broker };
    broker = await startMoldau({ logDir: `${disk.path}/logs`, ...restart, ...options });
    return broker;
  }

  test('takes nothing that was acked with log.flush.before.ack, five times on one disk', async () => {
    const properties = { 'log.flush.before.ack': 'true' };
    const random = new SimRandom(`power ${SEED}`);
    const ledger = new Ledger();
    const target = { topic: TOPIC, partitions: PARTITIONS, ledger };
    const producers = [
      new WireProducer(target, { name: 'one', acks: 1, random }),
      new WireProducer(target, { name: 'all', acks: -1, random }),
      new WireProducer(target, { name: 'idempotent', acks: -1, isIdempotent: true, random }),
    ];
    const committer = new Committer('chaos-group', TOPIC);
    let { port } = await start({ properties });
    await withClient(port, (client) => client.createTopic(TOPIC, PARTITIONS, 1, CONFIGS));
    const fresh: WrittenOnce[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const running = await Promise.all([...producers, committer].map((client) => client.start(port)));
      await ledger.ackedMore(random.between(1, MAX_ACKS_PER_ROUND));
      fresh.push(await writeToNewTopic(port, `fresh-${round}`));
      disk.losePower();
      // At once with the power, or of what it makes of a disk that is no more.
      if (round % 2 === 0) await broker?.kill();
      else
        await broker?.child.until('the end of a broker without a disk', () => !broker?.child.isRunning, END_TIMEOUT_MS);
      await Promise.all(running.map(({ ended }) => ended));
      disk.remount();
      ({ port } = await start({ properties }));
      const problems = await problemsOf(port, target, 'everything acked');
      for (const written of fresh) problems.push(...(await problemsOf(port, written, 'everything acked')));
      expect({ seed: SEED, round, problems }).toEqual({ seed: SEED, round, problems: [] });
      expect(await committer.committed(port)).toBeGreaterThanOrEqual(committer.ackedOffset);
    }
  }, 120_000);

  test('leaves a prefix of each partition by default, in a directory that opens and goes on', async () => {
    const random = new SimRandom(`power ${SEED}`);
    const before = { topic: TOPIC, partitions: PARTITIONS, ledger: new Ledger() };
    const producers = [
      new WireProducer(before, { name: 'one', acks: 1, random }),
      new WireProducer(before, { name: 'all', acks: -1, random }),
    ];
    let { port } = await start({});
    await withClient(port, (client) => client.createTopic(TOPIC, PARTITIONS, 1, CONFIGS));
    const running = await Promise.all(producers.map((producer) => producer.start(port)));
    await before.ledger.ackedMore(MAX_ACKS_PER_ROUND);
    disk.losePower();
    await broker?.kill();
    await Promise.all(running.map(({ ended }) => ended));
    disk.remount();
    ({ port } = await start({}));
    expect(await problemsOf(port, before, 'a prefix')).toEqual([]);
    const after = await writeToNewTopic(port, 'after');
    await broker?.stop();
    ({ port } = await start({}));
    expect(await problemsOf(port, before, 'a prefix')).toEqual([]);
    expect(await problemsOf(port, after, 'everything acked')).toEqual([]);
  }, 60_000);
});

type WrittenOnce = Parameters<typeof problemsOf>[1];

/** A topic that is made, written and acked, and nothing more: whatever it needs has to be durable by then. */
async function writeToNewTopic(port: number, topic: string): Promise<WrittenOnce> {
  const ledger = new Ledger();
  const value = valueOf('fresh', 0);
  const batch = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestampMs: 1 }] }, clientEnv.crc32c);
  await withClient(port, async (client) => {
    await client.createTopic(topic, 1);
    ledger.noteSent(0, 'fresh', 0);
    const { baseOffset } = await client.produce(topic, 0, batch);
    ledger.noteAcked(0, baseOffset, [value]);
  });
  return { topic, partitions: 1, ledger };
}
