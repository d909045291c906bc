/** Runs one job: topic, connections, warm-up, one window. */
import { setTimeout as delay } from 'node:timers/promises';
import { spawnSync } from 'node:child_process';
import { apis } from '../../wire/api-keys';
import { IO_MEMORY_OVERHEAD_BYTES, IoMemory } from '../../wire/base/io-memory';
import { BatchView } from '../../wire/record/batch';
import { FetchLane } from './fetch-lane';
import { fetchFrame, fetchLayout, fetchRequest } from './fetch-frames';
import { Gauge, type Window } from './gauge';
import { type PreparedBatch, prepareBatch } from './payload';
import { produceFrames } from './produce-frames';
import { ProduceLane } from './produce-lane';
import { type Topic, createTopic, deleteTopic } from './topics';
import { WireConnection } from './wire-connection';
import type { FetchWork, LoadJob, LoadResult, ProduceWork } from './work';

/** Frames of all connections; pages that nobody touches cost nothing. */
const POOL_BYTES = 512 * 1024 * 1024;
const PRELOAD_IN_FLIGHT = 4;
const PRELOAD_CONNECTIONS = 4;

interface Lane {
  readonly done: Promise<void>;
  start(): Promise<void>;
  stop(): void;
  destroy(): void;
}

interface Setting {
  readonly job: LoadJob;
  readonly connection: WireConnection;
  readonly topic: Topic;
  readonly memory: IoMemory;
  readonly batch: PreparedBatch;
}

export async function runLoad(job: LoadJob): Promise<LoadResult> {
  const memory = new IoMemory({ sizeBytes: POOL_BYTES + IO_MEMORY_OVERHEAD_BYTES });
  const connection = await WireConnection.open(job.host, job.port);
  const batch = prepareBatch(job.work.batch, Date.now(), memory.crc32c);
  const { partitions } = job.work;
  const replicas = job.work.kind === 'produce' ? job.work.replicas : undefined;
  const spec = { name: job.topic, partitions, configs: job.topicConfigs };
  const topic = await createTopic(connection, replicas === undefined ? spec : { ...spec, replicas });
  const setting: Setting = { job, connection, topic, memory, batch };
  const { work } = job;
  const window = work.kind === 'produce' ? await measureProduce(setting, work) : await measureFetch(setting, work);
  await deleteTopic(connection, topic);
  connection.close();
  return {
    window,
    apiVersion: connection.versionOf(work.kind === 'produce' ? apis.Produce : apis.Fetch),
    batchBytes: batch.bytes.length,
    recordsPerBatch: batch.recordsCount,
    compressionRatio: batch.uncompressedBytes / batch.bytes.length,
  };
}

function measureProduce(setting: Setting, work: ProduceWork): Promise<Window> {
  const gauge = new Gauge();
  const lanes = work.replicas === undefined ? produceLanes(setting, work.connections, work.inFlight, gauge, () => Infinity) : clusterLanes(setting, work, gauge);
  return measure(lanes, gauge, setting.job);
}

async function measureFetch(setting: Setting, work: FetchWork): Promise<Window> {
  const batchesPerPartition = Math.max(1, Math.round(work.preloadBytes / work.partitions / setting.batch.bytes.length));
  await preload(setting, batchesPerPartition);
  await checkFirstBatch(setting, work);
  const gauge = new Gauge();
  const version = setting.connection.versionOf(apis.Fetch);
  const layout = fetchLayout(version, setting.topic, work);
  const { recordsCount, bytes } = setting.batch;
  const { host, port } = setting.job;
  const lanes = Array.from({ length: work.connections }, (_, lane) => {
    const startBatch = Math.floor((batchesPerPartition * lane) / work.connections);
    return new FetchLane({
      endpoint: { host, port },
      receiveWindow: setting.memory.receiveWindow,
      layout,
      partitions: partitionsOf(lane, work.connections, work.partitions).map((partition) => ({
        frame: fetchFrame(version, setting.topic, partition, work),
        startOffset: startBatch * recordsCount,
        endOffset: batchesPerPartition * recordsCount,
      })),
      batchBytes: bytes.length,
      recordsPerBatch: recordsCount,
      gauge,
    });
  });
  return measure(lanes, gauge, setting.job);
}

/** Fills each partition with the same number of batches, and has the disk take them, so that no one writes back later. */
async function preload(setting: Setting, batchesPerPartition: number): Promise<void> {
  const { partitions } = setting.topic;
  // Each connection has partitions of its own, so that each gets its number exactly.
  const connections = Math.min(PRELOAD_CONNECTIONS, partitions);
  const requestsOf = (lane: number): number => batchesPerPartition * partitionsOf(lane, connections, partitions).length;
  const lanes = produceLanes(setting, connections, PRELOAD_IN_FLIGHT, new Gauge(), requestsOf);
  await Promise.all(lanes.map((lane) => lane.start()));
  await Promise.all(lanes.map((lane) => lane.done));
  for (const lane of lanes) lane.destroy();
  spawnSync('sync');
}

/** One fetch in full: the records are there and whole. */
async function checkFirstBatch({ connection, topic, memory }: Setting, work: FetchWork): Promise<void> {
  const request = fetchRequest(topic, 0, 0, { maxBytes: work.maxBytes, partitionMaxBytes: 1 << 20 });
  const response = await connection.call(apis.Fetch, request);
  const records = response.responses[0]?.partitions[0]?.records;
  if (records === null || records === undefined || records.length === 0)
    throw new Error(`nothing to fetch: ${JSON.stringify(response)}`);
  const batch = new BatchView(records);
  if (!batch.isCrcValid(memory.crc32c)) throw new Error('the first batch that came back is damaged');
}

function produceLanes(
  setting: Setting,
  connections: number,
  inFlight: number,
  gauge: Gauge,
  requestsOf: (lane: number) => number,
): ProduceLane[] {
  const { job, connection, topic, memory, batch } = setting;
  const version = connection.versionOf(apis.Produce);
  return Array.from({ length: connections }, (_, lane) => {
    const partitions = partitionsOf(lane, connections, topic.partitions);
    return new ProduceLane({
      endpoint: { host: job.host, port: job.port },
      receiveWindow: memory.receiveWindow,
      version,
      frames: produceFrames(memory, version, topic, partitions, inFlight, batch.bytes),
      batch,
      inFlight,
      requests: requestsOf(lane),
      gauge,
    });
  });
}

/** As many connections to each leader as the work has; each gets its share of what is led there. */
function clusterLanes(setting: Setting, work: ProduceWork, gauge: Gauge): ProduceLane[] {
  const { connection, topic, memory, batch } = setting;
  const version = connection.versionOf(apis.Produce);
  const { inFlight, connections } = work;
  return [...new Set(topic.leaders)].flatMap((endpoint) => {
    const led = topic.leaders.flatMap((leader, partition) => (leader === endpoint ? [partition] : []));
    return Array.from({ length: Math.min(connections, led.length) }, (_, lane) => {
      const partitions = partitionsOf(lane, Math.min(connections, led.length), led.length).map((i) => led[i] as number);
      const frames = produceFrames(memory, version, topic, partitions, inFlight, batch.bytes, work.acks);
      return new ProduceLane({ endpoint, receiveWindow: memory.receiveWindow, version, frames, batch, inFlight, requests: Infinity, gauge });
    });
  });
}

/** Partitions are dealt out among connections; connections beyond their number share them. */
function partitionsOf(lane: number, connections: number, partitions: number): number[] {
  if (connections >= partitions) return [lane % partitions];
  return Array.from({ length: partitions }, (_, i) => i).filter((partition) => partition % connections === lane);
}

async function measure(lanes: readonly Lane[], gauge: Gauge, job: LoadJob): Promise<Window> {
  const failed = Promise.all(lanes.map((lane) => lane.done));
  failed.catch(() => undefined);
  try {
    await Promise.all(lanes.map((lane) => lane.start()));
    await Promise.race([failed, delay(job.warmUpSeconds * 1000)]);
    const close = gauge.openWindow([job.brokerPid, ...(job.otherPids ?? [])]);
    await Promise.race([failed, delay(job.windowSeconds * 1000)]);
    const window = close();
    for (const lane of lanes) lane.stop();
    await failed;
    return window;
  } finally {
    for (const lane of lanes) lane.destroy();
  }
}
