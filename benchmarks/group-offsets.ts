/**
 * A million committed offsets in a thousand groups on one partition: how long the loop is held while they are committed, read,
 * loaded again and deleted. The bars: no turn over 100 ms, a reload within 5 s.
 *
 *   node scripts/run-ts.cjs benchmarks/group-offsets.ts [groups] [offsets per group]
 *
 * A turn's length is told in wall time and in CPU time of the process: on a machine with neighbours only the latter is ours.
 */
import { CoordinatorShard } from '../src/coordinator/coordinator-shard';
import { DEFAULT_GROUP_CONFIG } from '../src/coordinator/group/group-config';
import { GroupCore } from '../src/coordinator/group/group-core';
import { GroupRecordCodec } from '../src/coordinator/group/group-record-codec';
import type { CoordinatorRecord } from '../src/coordinator/group/group-records';
import type { GroupRequest, GroupResponse, GroupTimer } from '../src/coordinator/group/group-requests';
import { silentLogger } from '../src/observe/silent-logger';
import { MemoryLog } from '../test/src/coordinator/memory-log';
import { crc32cPortable } from '../wire/record/crc32c';

const groups = Number(process.argv[2] ?? 1000);
const offsetsPerGroup = Number(process.argv[3] ?? 1000);
const PARTITIONS_PER_COMMIT = 100;
const TOPIC = 'a-topic-with-a-name';
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAZA';
const CONTEXT = { clientId: 'benchmark', clientHost: '/127.0.0.1', apiVersion: 9 };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const env = {
  clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
  timers: {
    set(delayMs: number, run: () => void) {
      const timer = setTimeout(run, delayMs).unref();
      return { cancel: () => clearTimeout(timer) };
    },
    soon: (run: () => void) => void setImmediate(run),
  },
  crc32c: (bytes: Uint8Array) => crc32cPortable(bytes),
  logger: silentLogger,
};

type Shard = CoordinatorShard<GroupRequest, GroupResponse, GroupTimer, CoordinatorRecord>;

function openShard(log: MemoryLog): { shard: Shard; core: () => GroupCore | null } {
  let core: GroupCore | null = null;
  const config = { writeTimeoutMs: 60_000, appendLingerMs: -1, loadBufferBytes: 5 << 20, compression: 0 };
  const shard: Shard = new CoordinatorShard(0, env, config, new GroupRecordCodec(), log, () => {
    core = new GroupCore({ config: DEFAULT_GROUP_CONFIG, newUuid: () => 'id' });
    return core;
  });
  return { shard, core: () => core };
}

/** Reads by a search instead of from the first batch on. */
class IndexedLog extends MemoryLog {
  private readonly firstOffsets: number[] = [];

  override append(...args: Parameters<MemoryLog['append']>): ReturnType<MemoryLog['append']> {
    this.firstOffsets.push(this.logEndOffset);
    return super.append(...args);
  }

  override read(offset: number, maxBytes: number, done: (batches: Uint8Array) => void): void {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for (let i = this.firstOffsets.indexOf(offset); i >= 0 && i < this.batches.length && sizeBytes < maxBytes; i++) {
      const batch = this.batches[i] as Uint8Array;
      chunks.push(batch);
      sizeBytes += batch.length;
    }
    done(new Uint8Array(Buffer.concat(chunks)));
  }
}

/** Runs `work` and prints how long it took and how long the longest turn was meanwhile. */
async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const longest = { wallMs: 0, cpuMs: 0 };
  let isOver = false;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const wall = performance.now();
      const cpu = process.cpuUsage();
      await turn();
      const used = process.cpuUsage(cpu);
      longest.wallMs = Math.max(longest.wallMs, performance.now() - wall);
      longest.cpuMs = Math.max(longest.cpuMs, (used.user + used.system) / 1000);
    }
  };
  const watching = watch();
  const start = performance.now();
  const startCpu = process.cpuUsage();
  await work();
  const totalMs = performance.now() - start;
  const used = process.cpuUsage(startCpu);
  const cpuMs = (used.user + used.system) / 1000;
  isOver = true;
  await watching;
  const turns = `longest turn ${longest.wallMs.toFixed(1)} ms, ${longest.cpuMs.toFixed(1)} ms CPU`;
  console.log(`${what.padEnd(23)} ${totalMs.toFixed(0).padStart(6)} ms, ${cpuMs.toFixed(0)} ms CPU; ${turns}`);
}

function ask(shard: Shard, request: GroupRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    shard.submit(request, {
      respond: () => resolve(),
      fail: (errorCode) => reject(new Error(`error ${errorCode}`)),
    });
  });
}

function commit(group: number, firstPartition: number, offset: number): GroupRequest {
  const count = Math.min(PARTITIONS_PER_COMMIT, offsetsPerGroup - firstPartition);
  const partitions = Array.from({ length: count }, (_, i) => ({
    partitionIndex: firstPartition + i,
    committedOffset: offset + i,
    committedLeaderEpoch: 0,
    committedMetadata: '',
  }));
  const request = {
    groupId: `group-${group}`,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{ name: TOPIC, topicId: TOPIC_ID, partitions }],
  };
  return { kind: 'offsetCommit', context: CONTEXT, request };
}

async function commitAll(shard: Shard, offset: number): Promise<void> {
  let open: Promise<void>[] = [];
  for (let group = 0; group < groups; group++) {
    for (let partition = 0; partition < offsetsPerGroup; partition += PARTITIONS_PER_COMMIT) {
      open.push(ask(shard, commit(group, partition, offset)));
      if (open.length === 10) open = (await Promise.all(open), []);
    }
  }
  await Promise.all(open);
}

async function loaded(shard: Shard): Promise<void> {
  shard.load();
  while (shard.state !== 'ACTIVE') await turn();
}

async function fetchAll(shard: Shard): Promise<void> {
  for (let group = 0; group < groups; group++) {
    const asked = { groupId: `group-${group}`, memberId: null, memberEpoch: -1, topics: null };
    await ask(shard, { kind: 'offsetFetch', group: asked, requireStable: true });
    if (group % 10 === 0) await turn();
  }
}

async function main(): Promise<void> {
  const log = new IndexedLog();
  const first = openShard(log);
  await loaded(first.shard);
  await measure('commit new offsets', () => commitAll(first.shard, 0));
  const loadOnce = openShard(log);
  await measure('load', () => loaded(loadOnce.shard));
  loadOnce.shard.close();
  await measure('commit them again', () => commitAll(first.shard, 1000));
  await measure('fetch all of each group', () => fetchAll(first.shard));
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const logBytes = log.batches.reduce((sum, batch) => sum + batch.length, 0);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(
    `${first.core()?.offsets.committed.size} offsets: heap ${megabytes(heapUsed)}, array buffers beside the log ${megabytes(arrayBuffers - logBytes)}`,
  );
  const topics = [{ name: TOPIC, topicId: TOPIC_ID }];
  await measure('delete the topic', () => ask(first.shard, { kind: 'topicsDeleted', topics }));
}

void main();
