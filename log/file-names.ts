/** Names inside a log directory, exactly as Kafka writes them (ondisk layout of 4.3). */

export const LOG_SUFFIX = '.log';
export const OFFSET_INDEX_SUFFIX = '.index';
export const TIME_INDEX_SUFFIX = '.timeindex';
export const TRANSACTION_INDEX_SUFFIX = '.txnindex';
export const PRODUCER_SNAPSHOT_SUFFIX = '.snapshot';
/** Renamed, to be unlinked after file.delete.delay.ms. */
export const DELETED_SUFFIX = '.deleted';
export const CLEANED_SUFFIX = '.cleaned';
export const SWAP_SUFFIX = '.swap';

export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint';
export const PARTITION_METADATA = 'partition.metadata';
export const RECOVERY_POINT_CHECKPOINT = 'recovery-point-offset-checkpoint';
export const LOG_START_CHECKPOINT = 'log-start-offset-checkpoint';
export const HIGH_WATERMARK_CHECKPOINT = 'replication-offset-checkpoint';
export const CLEAN_SHUTDOWN_MARKER = '.kafka_cleanshutdown';
export const LOCK_FILE = '.lock';

const SEGMENT_FILE = /^(\d{20})(\.log|\.index|\.timeindex|\.txnindex|\.snapshot)$/;
const PARTITION_DIRECTORY = /^(.+)-(\d{1,10})$/;
const DELETE_DIRECTORY = /-delete$/;

/** `00000000000000012345` + suffix. */
export function segmentFileName(offset: number, suffix: string): string {
  return String(offset).padStart(20, '0') + suffix;
}

/** The offset and suffix of a segment's file name, or null for any other file. */
export function parseSegmentFileName(name: string): { offset: number; suffix: string } | null {
  const match = SEGMENT_FILE.exec(name);
  if (match === null) return null;
  const offset = Number(match[1]);
  return Number.isSafeInteger(offset) ? { offset, suffix: match[2] ?? '' } : null;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** `<topic>-<partition>`. */
export function partitionDirectoryName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** The partition that a directory's name stands for, or null (a directory to be deleted, or not a partition at all). */
export function parsePartitionDirectoryName(name: string): TopicPartition | null {
  if (name.includes('.') && DELETE_DIRECTORY.test(name)) return null;
  if (name.endsWith('-future') || name.endsWith('-stray')) return null;
  const match = PARTITION_DIRECTORY.exec(name);
  if (match === null) return null;
  const partition = Number(match[2]);
  return partition <= 0x7fffffff ? { topic: match[1] ?? '', partition } : null;
}

/** `<topic>-<partition>.<32 hex digits>-delete`, cut in the topic so that the name fits 255 bytes. */
export function deletedDirectoryName(topicPartition: TopicPartition, uniqueHex: string): string {
  const suffix = `-${topicPartition.partition}.${uniqueHex}-delete`;
  return topicPartition.topic.slice(0, 255 - suffix.length) + suffix;
}

/** `<topic>-<partition>.<32 hex digits>-stray`: on disk, but nobody's. */
export function strayDirectoryName(topicPartition: TopicPartition, uniqueHex: string): string {
  return deletedDirectoryName(topicPartition, uniqueHex).replace(/-delete$/, '-stray');
}

/** `<topic>-<partition>.<32 hex digits>-future`: a replica on its way to this directory. It may be too long for a name. */
export function futureDirectoryName(topicPartition: TopicPartition, uniqueHex: string): string {
  return `${partitionDirectoryName(topicPartition)}.${uniqueHex}-future`;
}

/** The partition that is on its way here, or null. */
export function parseFutureDirectoryName(name: string): TopicPartition | null {
  const match = /^(.+)\.[0-9a-f]{32}-future$/.exec(name);
  return match === null ? null : parsePartitionDirectoryName(match[1] ?? '');
}

export function isDeletedDirectoryName(name: string): boolean {
  return /\.[0-9a-f]{32}-delete$/.test(name);
}
