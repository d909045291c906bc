/**
 * What the processes of a flow tell each other through their group: partitions in JoinGroup's metadata and SyncGroup's
 * assignment, positions in the metadata of committed offsets. Ours alone; versions are the first thing in each. Pure.
 */
import type { StoredPosition } from '../copy/ordinary-writer';
import type { FlowPartition } from '../flow/flow-partition';

type TopicRow = readonly [
  sourceTopic: string,
  sourceTopicId: string,
  targetTopic: string,
  partitions: readonly number[],
];

const VERSION = 1;

export function encodePartitions(partitions: Iterable<FlowPartition>): Uint8Array {
  const rows = new Map<string, [string, string, string, number[]]>();
  for (const { sourceTopic, sourceTopicId, targetTopic, partition } of partitions) {
    const key = `${sourceTopicId} ${targetTopic}`;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, [sourceTopic, sourceTopicId, targetTopic, [partition]]);
    else row[3].push(partition);
  }
  return Buffer.from(JSON.stringify({ version: VERSION, topics: [...rows.values()] }));
}

/** null when the bytes are not what this version wrote. */
export function decodePartitions(bytes: Uint8Array): FlowPartition[] | null {
  if (bytes.length === 0) return [];
  const parsed = parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  if (!isObject(parsed) || parsed['version'] !== VERSION || !Array.isArray(parsed['topics'])) return null;
  const partitions: FlowPartition[] = [];
  for (const row of parsed['topics'] as unknown[]) {
    if (!isRow(row)) return null;
    const [sourceTopic, sourceTopicId, targetTopic, indexes] = row;
    for (const partition of indexes) partitions.push({ sourceTopic, sourceTopicId, partition, targetTopic });
  }
  return partitions;
}

function isRow(row: unknown): row is TopicRow {
  if (!Array.isArray(row) || row.length !== 4) return false;
  const [name, id, target, partitions] = row as unknown[];
  const areNames = typeof name === 'string' && typeof id === 'string' && typeof target === 'string';
  return areNames && Array.isArray(partitions) && partitions.every((index) => Number.isSafeInteger(index));
}

/** The committed offset is `position` itself; this is the rest, e.g. `1,<topic id>,41,3,1000,2`. */
export function encodePositionMetadata(stored: StoredPosition): string {
  const { sourceTopicId, lastTargetOffset, epoch, producerId, producerEpoch } = stored;
  return [VERSION, sourceTopicId, lastTargetOffset, epoch, producerId, producerEpoch].join(',');
}

/** null when it is not ours. */
export function decodePosition(offset: number, metadata: string | null): StoredPosition | null {
  const fields = (metadata ?? '').split(',');
  const [version, sourceTopicId = '', ...rest] = fields;
  const numbers = rest.map((text) => (/^-?\d+$/.test(text) ? Number(text) : NaN));
  const isOurs = version === String(VERSION) && numbers.length === 4 && numbers.every(Number.isSafeInteger);
  if (!isOurs || offset < 0) return null;
  const [lastTargetOffset, epoch, producerId, producerEpoch] = numbers as [number, number, number, number];
  return { position: offset, sourceTopicId, lastTargetOffset, epoch, producerId, producerEpoch };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
