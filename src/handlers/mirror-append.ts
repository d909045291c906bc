/**
 * What a mirror in offset-preserving mode asks of a leader (an addition of ours, in a tagged field of Produce): to append
 * batches of another cluster's log with the offsets that they have there.
 *
 * Compare and append: the request says where the mirror believes the log to end, and is refused with that offset when it does
 * not. So an append that is sent twice, or by two mirrors, is there once. Offsets may be left out (compaction, aborted
 * transactions, markers, records that expired before they were copied), and ascend.
 */
import type { AppendOutcome } from '../../log/append-outcome';
import { segmentSizeBytes } from '../../log/log-config';
import type { PartitionLog } from '../../log/partition-log';
import { ErrorCode } from '../../wire/base/error-codes';
import type { Crc32c } from '../../wire/base/env';
import { BatchView } from '../../wire/record/batch';
import type { ProduceRequest } from '../../wire/schema/produce';
import type { Partition } from '../replication/partition';
import { replicatedBatches } from '../replication/replicated-batches';

type MirrorFields = ProduceRequest['topicData'][number]['partitionData'][number]['mirror'];

/** An answer for the partition; `baseOffset` is where the log ends. */
interface MirrorAnswer {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  readonly errorMessage: string | null;
}

export type MirrorAppend = MirrorAnswer | { readonly outcome: AppendOutcome };

const ANY_EPOCH = Number.MAX_SAFE_INTEGER;
/** Offsets within a segment are kept in 31 bits. */
const MAX_GAP = 0x7fffffff;

/** `mirror` is null for an ordinary produce to a topic in mirror mode. Throws LogStorageError. */
export function appendMirrored(partition: Partition, mirror: MirrorFields, records: Uint8Array, crc32c: Crc32c): MirrorAppend {
  const { log } = partition;
  const refusal = modeRefusal(log, mirror);
  if (refusal !== null || mirror === null) return answer(log, ErrorCode.POLICY_VIOLATION, refusal);
  if (mirror.truncateToOffset >= 0) return truncate(partition, mirror.expectedLogEndOffset, mirror.truncateToOffset);
  const isProbe = records.length === 0 && mirror.expectedLogEndOffset < 0;
  if (isProbe) return answer(log, ErrorCode.NONE, null);
  if (mirror.expectedLogEndOffset !== log.logEndOffset) {
    const message = `the log ends at ${log.logEndOffset}, not at ${mirror.expectedLogEndOffset}`;
    return answer(log, ErrorCode.OFFSET_OUT_OF_RANGE, message);
  }
  return appendBatches(partition, mirror.sourceLogStartOffset, records, crc32c);
}

function modeRefusal({ config, topicPartition: { topic } }: PartitionLog, mirror: MirrorFields): string | null {
  const { mirrorSource } = config;
  if (mirror === null) {
    return `Topic ${topic} mirrors cluster ${mirrorSource} offset by offset (mirror.source) and takes no other writes before it is promoted (moldau mirror failover).`;
  }
  if (mirrorSource === mirror.source) return null;
  const is = mirrorSource === '' ? 'has no mirror.source: it was promoted, or never was a mirror' : `mirrors cluster ${mirrorSource}`;
  return `Topic ${topic} ${is}; it takes no mirrored records of cluster ${mirror.source}.`;
}

function answer(log: PartitionLog, errorCode: number, errorMessage: string | null): MirrorAnswer {
  return { errorCode, baseOffset: log.logEndOffset, logAppendTimeMs: -1, logStartOffset: log.logStartOffset, errorMessage };
}

/** Takes effect with the next leader epoch: whoever asks for it asks again until it has. */
function truncate(partition: Partition, expectedLogEndOffset: number, offset: number): MirrorAnswer {
  const { log } = partition;
  if (log.logEndOffset === offset) return answer(log, ErrorCode.NONE, null);
  if (expectedLogEndOffset !== log.logEndOffset || offset > log.logEndOffset) {
    const message = `the log ends at ${log.logEndOffset}, not at ${expectedLogEndOffset}: it is not cut to ${offset}`;
    return answer(log, ErrorCode.OFFSET_OUT_OF_RANGE, message);
  }
  if (offset < log.logStartOffset) {
    const message = `the log starts at ${log.logStartOffset}: it cannot be cut to ${offset}`;
    return answer(log, ErrorCode.POLICY_VIOLATION, message);
  }
  partition.cutTo(offset);
  return answer(log, ErrorCode.REQUEST_TIMED_OUT, `the log is being cut from ${log.logEndOffset} to ${offset}; ask again`);
}

function appendBatches(partition: Partition, sourceLogStartOffset: number, records: Uint8Array, crc32c: Crc32c): MirrorAppend {
  const { log } = partition;
  const isEmpty = log.logStartOffset === log.logEndOffset;
  const expected = { logEndOffset: log.logEndOffset, leaderEpoch: ANY_EPOCH, maxAppendBytes: segmentSizeBytes(log.config) };
  const batches = replicatedBatches(records, expected, crc32c);
  const problem = batches.ok ? batchProblem(records, log.logEndOffset, isEmpty) : batches.problem;
  if (!batches.ok || problem !== null) return answer(log, ErrorCode.INVALID_RECORD, problem);
  const startOffset = isEmpty ? emptyStart(log.logEndOffset, batches.baseOffset, sourceLogStartOffset) : log.logEndOffset;
  if (startOffset !== log.logEndOffset) partition.startEmptyAt(startOffset);
  let first: AppendOutcome | null = null;
  let last: AppendOutcome | null = null;
  for (const bytes of batches.appends) {
    last = partition.append(bytes, 'mirror');
    first ??= last;
  }
  if (first?.status !== 'appended' || last?.status !== 'appended') return answer(log, ErrorCode.NONE, null);
  return { outcome: { ...last, baseOffset: first.baseOffset } };
}

/** An empty log starts where its source does; that may be within the first batch, which comes whole. `baseOffset` -1: none comes. */
function emptyStart(logEndOffset: number, baseOffset: number, sourceLogStartOffset: number): number {
  if (baseOffset < 0) return Math.max(logEndOffset, sourceLogStartOffset);
  const isFar = baseOffset - logEndOffset > MAX_GAP;
  return isFar || baseOffset < logEndOffset ? baseOffset : Math.max(logEndOffset, Math.min(baseOffset, sourceLogStartOffset));
}

/**
 * What is wrong with a batch that a follower would take and a mirrored log must not: an offset that a number cannot hold, an
 * open transaction, bytes that are missing.
 */
function batchProblem(records: Uint8Array, logEndOffset: number, isEmpty: boolean): string | null {
  if (records.length === 0) return null;
  const batch = new BatchView();
  let nextOffset = logEndOffset;
  for (let at = 0; at < records.length; at += batch.sizeBytes) {
    try {
      batch.moveTo(records, at);
    } catch {
      return `the batch at byte ${at} is not whole`;
    }
    const where = `the batch at offset ${batch.baseOffset}`;
    if (batch.isControl) return `${where} is a control batch`;
    if (batch.isTransactional) return `${where} is transactional`;
    if (batch.baseOffset < 0) return `${where} begins below 0`;
    if (batch.nextOffset > Number.MAX_SAFE_INTEGER) return `${where} lies beyond ${Number.MAX_SAFE_INTEGER}, the last offset that a log has here`;
    const mayStart = isEmpty && at === 0;
    if (batch.baseOffset < nextOffset && !mayStart) return `${where} begins below ${nextOffset}`;
    if (batch.lastOffset - nextOffset > MAX_GAP && !mayStart) return `${where} is more than 2^31 offsets behind ${nextOffset}`;
    nextOffset = batch.nextOffset;
  }
  return null;
}
