/** A broker, its good client, and one attack beside it. */
import type { ChildProcess } from 'node:child_process';
import { freePorts } from '../../test/support/free-ports';
import { prepareBatch } from '../client/payload';
import { createTopic } from '../client/topics';
import { WireConnection } from '../client/wire-connection';
import { apis } from '../../wire/api-keys';
import { crc32cPortable } from '../../wire/record/crc32c';
import { HOST, type LoopDelays, WatchedBroker } from '../watched-broker';
import { type AttackName, STALLED_FETCH_BYTES, WIDE_PARTITIONS } from './attacks';
import type { GoodResult, GoodWork } from './good-client';
import { runGood, startAttacker } from './side-process';

export interface SceneOptions {
  readonly dir: string;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly track: (child: ChildProcess) => void;
}

export interface Attacked {
  readonly attack: AttackName;
  readonly beside: GoodResult;
  /** What resident memory grew by while attacked, at its peak. */
  readonly grownBytes: number;
  /** The broker's event loop while attacked. */
  readonly loop: LoopDelays;
}

export interface Pair extends Attacked {
  readonly alone: GoodResult;
}

const MB = 1024 * 1024;
const PER_SECOND = 200;
const RECORD_BYTES = 1024;
const BULK_BYTES = STALLED_FETCH_BYTES + 10 * MB;

const PROPERTIES = {
  'offsets.topic.replication.factor': '1',
  // What attacks write is not what is measured, and the disk is not endless.
  'log.retention.bytes': String(BULK_BYTES + 16 * MB),
  'log.retention.check.interval.ms': '1000',
  'log.initial.task.delay.ms': '1000',
  'log.segment.delete.delay.ms': '1000',
  'log.segment.bytes': String(16 * MB),
};

/** The good client alone. Rejects when the broker dies or the client meets an error, as below. */
export function measureAlone(options: SceneOptions): Promise<GoodResult> {
  return onBroker(options, (broker, work) => goodRun(broker, work, options));
}

/** Beside the attack only, after a moment alone: what memory any client makes the broker take is not the attack's. */
export function measureAttacked(attack: AttackName, options: SceneOptions): Promise<Attacked> {
  return onBroker(options, async (broker, work) => {
    await goodRun(broker, { ...work, warmUpSeconds: 0, seconds: 1 }, options);
    return attacked(attack, broker, work, options);
  });
}

async function onBroker<T>(
  options: SceneOptions,
  measure: (broker: WatchedBroker, work: GoodWork) => Promise<T>,
): Promise<T> {
  const [port] = (await freePorts(1)) as [number];
  const { dir, track } = options;
  const broker = await WatchedBroker.start({ dir, port, properties: PROPERTIES, track });
  try {
    await prepare(port);
    const work = {
      host: HOST,
      port,
      topic: 'good',
      perSecond: PER_SECOND,
      recordBytes: RECORD_BYTES,
      warmUpSeconds: options.warmUpSeconds,
      seconds: options.seconds,
    };
    return await measure(broker, work);
  } finally {
    await broker.stop('SIGKILL');
  }
}

async function attacked(
  attack: AttackName,
  broker: WatchedBroker,
  work: GoodWork,
  options: SceneOptions,
): Promise<Attacked> {
  const before = broker.rss();
  broker.takePeakRss();
  await broker.look();
  const target = { host: HOST, port: work.port, bulkTopic: 'bulk', wideTopic: 'wide' };
  const endAttack = await startAttacker(attack, target, options.track);
  try {
    const beside = await goodRun(broker, work, options);
    return { attack, beside, grownBytes: broker.takePeakRss() - before, loop: await broker.look() };
  } finally {
    await endAttack();
  }
}

async function goodRun(broker: WatchedBroker, work: GoodWork, { track }: SceneOptions): Promise<GoodResult> {
  const result = await runGood(work, track);
  if (!broker.isRunning) throw new Error(`the broker has ended\n${broker.errors}`);
  if (result.errors.length > 0) throw new Error(`the good client met ${result.errors.join(', ')}\n${broker.errors}`);
  return result;
}

async function prepare(port: number): Promise<void> {
  const connection = await WireConnection.open(HOST, port);
  try {
    await createTopic(connection, { name: 'good', partitions: 1, configs: {} });
    await createTopic(connection, {
      name: 'wide',
      partitions: WIDE_PARTITIONS,
      configs: { 'retention.bytes': String(MB) },
    });
    const bulk = await createTopic(connection, { name: 'bulk', partitions: 1, configs: {} });
    const shape = { recordBytes: 1000, batchBytes: MB, compression: 'none' } as const;
    const { bytes } = prepareBatch(shape, Date.now(), crc32cPortable);
    for (let written = 0; written < BULK_BYTES; written += bytes.length) {
      const partitionData = [{ index: 0, records: bytes }];
      const topicData = [{ name: bulk.name, topicId: bulk.id, partitionData }];
      await connection.call(apis.Produce, { transactionalId: null, acks: 1, timeoutMs: 30_000, topicData });
    }
  } finally {
    connection.close();
  }
}
