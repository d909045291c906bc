/**
 * Whether the replicas of a stopped cluster hold the same bytes up to the high watermark: batch by batch, whatever the
 * segments they lie in. The high watermark of a partition is the least that its replicas have stored.
 *
 * As a command: node scripts/run-ts.cjs test/support/replica-check.ts DIR DIR DIR, one data directory for each broker. It
 * names every partition that two or more of them hold, with a sentence for each difference, and ends with 1 if there is one.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { HIGH_WATERMARK_CHECKPOINT, LOG_START_CHECKPOINT, PARTITION_METADATA, parsePartitionDirectoryName, parseSegmentFileName } from '../../log/file-names';
import { BATCH_HEADER_BYTES, BatchView, batchSizeAt } from '../../wire/record/batch';
import { createCrc32c } from '../sim/crc32c';

const METADATA_TOPIC = '__cluster_metadata';

/** One broker's data directory; paths are relative to it, '' is the directory itself. */
export interface ReplicaDirectory {
  readonly name: string;
  /** Null when there is no such directory. */
  names(path: string): readonly string[] | null;
  /** Null when there is no such file. */
  read(path: string): Uint8Array | null;
}

export interface CheckedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Names of the directories that hold it. */
  readonly replicas: readonly string[];
  /** Everything below was compared. */
  readonly upTo: number;
  readonly differences: readonly string[];
}

interface Batch {
  readonly baseOffset: number;
  readonly endOffset: number;
  readonly epoch: number;
  readonly bytes: Uint8Array;
}

interface Replica {
  readonly name: string;
  readonly batches: ReadonlyMap<number, Batch>;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Null when none is stored. */
  readonly highWatermark: number | null;
  /** '' when there is none. */
  readonly topicId: string;
}

const crc32c = createCrc32c();

/** Says of a partition how far its replicas must agree, when it is known better than by the files. */
export type KnownEnd = (topic: string, partition: number) => number | undefined;

/** Compares every partition that two or more directories hold. */
export function checkReplicas(directories: readonly ReplicaDirectory[], upTo?: KnownEnd): readonly CheckedPartition[] {
  const found = new Map<string, ReplicaDirectory[]>();
  for (const directory of directories) {
    for (const name of directory.names('') ?? []) {
      const parsed = parsePartitionDirectoryName(name);
      if (parsed === null || parsed.topic === METADATA_TOPIC || directory.names(name) === null) continue;
      found.set(name, [...(found.get(name) ?? []), directory]);
    }
  }
  const checked: CheckedPartition[] = [];
  for (const [name, holders] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const parsed = parsePartitionDirectoryName(name);
    if (holders.length < 2 || parsed === null) continue;
    const replicas = holders.map((directory) => readReplica(directory, name));
    const end = upTo?.(parsed.topic, parsed.partition) ?? Math.min(...replicas.map(({ highWatermark }) => highWatermark ?? 0));
    checked.push({ ...parsed, replicas: replicas.map((replica) => replica.name), upTo: end, differences: differencesOf(name, replicas, end) });
  }
  return checked;
}

function differencesOf(key: string, replicas: readonly Replica[], upTo: number): readonly string[] {
  const [first, ...others] = replicas;
  if (first === undefined) return [];
  const found = replicas.flatMap((replica) => shortage(key, replica, upTo));
  for (const other of others) {
    if (first.topicId !== other.topicId) found.push(`${key}: ${first.name} holds topic ${first.topicId || 'without id'}, ${other.name} topic ${other.topicId || 'without id'}`);
    const odd = firstOdd(first, other, upTo);
    if (odd !== null) found.push(`${key}: at offset ${odd} ${first.name} has ${describe(first.batches.get(odd))}, ${other.name} has ${describe(other.batches.get(odd))}; both should hold the same below ${upTo}`);
  }
  return found;
}

/** A log that ends before what it is known to hold, or has a hole. */
function shortage(key: string, replica: Replica, upTo: number): readonly string[] {
  const { name, startOffset, endOffset } = replica;
  if (endOffset < upTo) return [`${key}: the log of ${name} ends at ${endOffset}, below ${upTo}`];
  let next = startOffset;
  for (const batch of replica.batches.values()) {
    if (batch.endOffset <= startOffset) continue;
    if (batch.baseOffset > next && next < upTo) return [`${key}: the log of ${name} has nothing from ${next} to ${batch.baseOffset - 1}`];
    next = batch.endOffset;
  }
  return [];
}

/** The first offset at which a batch of one is not the other's; null when there is none below `upTo`. */
function firstOdd(one: Replica, other: Replica, upTo: number): number | null {
  const from = Math.max(one.startOffset, other.startOffset);
  const counts = (batch: Batch): boolean => batch.endOffset > from && batch.baseOffset < upTo;
  const offsets = new Set([...one.batches.values(), ...other.batches.values()].filter(counts).map(({ baseOffset }) => baseOffset));
  const isOdd = (offset: number): boolean => {
    const [a, b] = [one.batches.get(offset), other.batches.get(offset)];
    return a === undefined || b === undefined || Buffer.compare(a.bytes, b.bytes) !== 0;
  };
  return [...offsets].sort((a, b) => a - b).find(isOdd) ?? null;
}

function describe(batch: Batch | undefined): string {
  return batch === undefined ? 'no batch' : `a batch of ${batch.bytes.length} bytes, epoch ${batch.epoch}, up to ${batch.endOffset - 1}`;
}

function readReplica(directory: ReplicaDirectory, name: string): Replica {
  const segments = (directory.names(name) ?? []).filter((file) => parseSegmentFileName(file)?.suffix === '.log').sort();
  const batches = new Map<number, Batch>();
  for (const segment of segments) for (const batch of batchesIn(directory.read(`${name}/${segment}`) ?? new Uint8Array(0))) batches.set(batch.baseOffset, batch);
  const firstBase = parseSegmentFileName(segments[0] ?? '')?.offset ?? 0;
  const metadata = Buffer.from(directory.read(`${name}/${PARTITION_METADATA}`) ?? []).toString();
  return {
    name: directory.name,
    batches,
    startOffset: Math.max(firstBase, checkpointed(directory, LOG_START_CHECKPOINT, name) ?? 0),
    endOffset: [...batches.values()].at(-1)?.endOffset ?? firstBase,
    highWatermark: checkpointed(directory, HIGH_WATERMARK_CHECKPOINT, name),
    topicId: /topic_id: (\S+)/.exec(metadata)?.[1] ?? '',
  };
}

/** Whole batches that pass their checksums, up to the first that does not: a process may have died while it wrote. */
function* batchesIn(bytes: Uint8Array): Generator<Batch> {
  const view = new BatchView();
  for (let at = 0; at < bytes.length; at += view.sizeBytes) {
    const size = batchSizeAt(bytes, at);
    if (size < BATCH_HEADER_BYTES || at + size > bytes.length) return;
    view.moveTo(bytes, at);
    if (!view.isCrcValid(crc32c)) return;
    yield { baseOffset: view.baseOffset, endOffset: view.nextOffset, epoch: view.partitionLeaderEpoch, bytes: view.bytes };
  }
}

/** What one of Kafka's text checkpoints says of a partition. */
function checkpointed(directory: ReplicaDirectory, file: string, name: string): number | null {
  const text = Buffer.from(directory.read(file) ?? []).toString();
  for (const line of text.split('\n').slice(2)) {
    const [topic, partition, offset] = line.split(' ');
    if (`${topic}-${partition}` === name) return Number(offset);
  }
  return null;
}

/** A data directory on a real disk. */
export function directoryAt(path: string): ReplicaDirectory {
  const at = (relative: string): string => (relative === '' ? path : `${path}/${relative}`);
  return {
    name: path,
    names: (relative) => namesIn(at(relative)),
    read: (relative) => (existsSync(at(relative)) ? readFileSync(at(relative)) : null),
  };
}

function namesIn(path: string): readonly string[] | null {
  try {
    return readdirSync(path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/** A line for each partition, and one for each difference. */
export function describeReplicas(checked: readonly CheckedPartition[]): readonly string[] {
  return checked.flatMap(({ topic, partition, replicas, upTo, differences }) =>
    differences.length > 0 ? differences : [`${topic}-${partition}: the same on ${replicas.length} replicas up to ${upTo}`],
  );
}

/** The command. Returns the exit code. */
export function replicaCheck(paths: readonly string[], say: (line: string) => void): number {
  if (paths.length < 2) {
    say('replica-check DIR DIR...: the data directories of the brokers of one cluster');
    return 2;
  }
  const checked = checkReplicas(paths.map(directoryAt));
  for (const line of describeReplicas(checked)) say(line);
  return checked.some(({ differences }) => differences.length > 0) ? 1 : 0;
}

if (require.main === module) process.exitCode = replicaCheck(process.argv.slice(2), (line) => void process.stdout.write(`${line}\n`));
