/** A log manager in a simulated world, and records to put into it. */
import { DirectoryLocks } from '../../../log/directory-locks';
import { LogManager, type LogManagerSettings } from '../../../log/log-manager';
import { resolveTopicConfig, type LogConfig } from '../../../log/log-config';
import { logServerKeys } from '../../../log/log-server-config';
import type { PartitionLog } from '../../../log/partition-log';
import type { Env } from '../../../log/env';
import { encodeBatch, decodeRecords } from '../../../wire/record/records';
import { BatchView } from '../../../wire/record/batch';
import { readBatches } from '../../../log/log-reader';
import { createCrc32c } from '../../sim/crc32c';
import { SimWorld } from '../../sim/world';

export const TOPIC_ID = 'q83vASNFZ4mrze8BI0VniQ';
export const crc32c = createCrc32c();

/** Config of a topic with small segments, and what a test overrides. */
export function smallLogConfig(overrides: Readonly<Record<string, string>> = {}): LogConfig {
  const defaults = { 'internal.segment.bytes': '4096', 'index.interval.bytes': '256', ...overrides };
  return resolveTopicConfig(logServerKeys.resolve(new Map()).config, new Map(Object.entries(defaults)));
}

export function settings(config: LogConfig): LogManagerSettings {
  return {
    maxOpenSegmentFiles: 100,
    retentionCheckIntervalMs: 300_000,
    flushSchedulerIntervalMs: Infinity,
    recoveryPointIntervalMs: 60_000,
    logStartIntervalMs: 60_000,
    highWatermarkIntervalMs: 5_000,
    producerIdExpirationMs: 86_400_000,
    isForReplicas: () => true,
    configOf: () => config,
    directoryFailed: () => undefined,
  };
}

export function batchOf(values: readonly string[], options: { timestampMs?: number; producerId?: number; epoch?: number; sequence?: number } = {}): Uint8Array {
  return encodeBatch(
    {
      records: values.map((value, i) => ({
        key: null,
        value: new TextEncoder().encode(value),
        timestampMs: (options.timestampMs ?? 1_000) + i,
      })),
      ...(options.producerId === undefined
        ? {}
        : { producerId: options.producerId, producerEpoch: options.epoch ?? 0, baseSequence: options.sequence ?? 0 }),
    },
    crc32c,
  );
}

/** Values of every record from the log start to the end, in order, as `offset=value`. */
export function contents(log: PartitionLog): string[] {
  const found: string[] = [];
  for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
    const bytes = readBatches(log, offset, 64 * 1024, log.logEndOffset);
    if (bytes.length === 0) break;
    const batch = new BatchView();
    for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
      batch.moveTo(bytes, at);
      for (const record of decodeRecords(batch)) {
        if (record.offset >= log.logStartOffset) found.push(`${record.offset}=${new TextDecoder().decode(record.value ?? undefined)}`);
      }
      offset = batch.nextOffset;
    }
  }
  return found;
}

/** Locks and opens the directories; no log is loaded yet. */
export function openManager(env: Env, config: LogConfig, directories: readonly string[] = ['/data'], more: Partial<LogManagerSettings> = {}): LogManager {
  return LogManager.open(env, { ...settings(config), ...more }, DirectoryLocks.take(env.disk, directories));
}

/** Opens the manager and one partition's log; run by a simulated process. */
export async function openLog(env: Env, config: LogConfig): Promise<{ manager: LogManager; log: PartitionLog }> {
  const manager = openManager(env, config);
  await manager.loadAll();
  const log = manager.getOrCreate({ topic: 't', partition: 0 }, TOPIC_ID, config);
  log.setHighWatermark(log.logEndOffset);
  return { manager, log };
}

/** Runs `main` as one life of the process 'broker' on the host 'a'; resolves when it has ended or the world is idle. */
export async function live(world: SimWorld, main: (env: Env) => Promise<void>): Promise<void> {
  let done = false;
  world.start(world.host('a'), 'broker', async (env) => {
    await main(env);
    done = true;
  });
  await world.runAwaiting({ until: () => done || world.running('broker').process.isDead });
  if (!world.running('broker').process.isDead) world.kill('broker');
}
