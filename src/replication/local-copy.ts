/**
 * Copying a log into another directory of this broker: `to` follows `from`, as a follower does its leader, but by reading its
 * file. All throw LogStorageError.
 */
import { OUT_OF_RANGE, readBatches, readSlice, segmentIndexFor } from '../../log/log-reader';
import type { PartitionLog } from '../../log/partition-log';
import type { Crc32c } from '../../wire/base/env';
import { appendReplicated, cutBack } from './follower-log';
import { truncationOffset } from './truncation';

/** Makes `to` a beginning of `from`, whatever has been cut or removed there, while it was away too. */
export function align(from: PartitionLog, to: PartitionLog): void {
  to.setConfig(from.config);
  if (to.logEndOffset < from.logStartOffset) to.truncateFullyTo(from.logStartOffset);
  if (to.logEndOffset > from.logEndOffset) cutBack(to, from.logEndOffset);
  // Each round takes an epoch off.
  for (let rounds = to.epochs.all().length; rounds > 0 && to.latestEpoch >= 0; rounds--) {
    const end = from.epochs.endOffsetFor(to.latestEpoch, from.logEndOffset);
    if (end.epoch === to.latestEpoch && end.endOffset >= to.logEndOffset) return;
    if (end.epoch < 0) return to.truncateFullyTo(from.logStartOffset);
    cutBack(to, truncationOffset(end, to.epochs, to.logEndOffset));
  }
}

/** Bytes of `from` that `to` does not have. */
export function bytesLeft({ segments, logEndOffset }: PartitionLog, { logEndOffset: offset }: PartitionLog): number {
  if (offset >= logEndOffset) return 0;
  const index = segmentIndexFor(segments, offset);
  const rest = segments.slice(index).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return rest - (segments[index]?.locate(offset)?.position ?? segments[index]?.sizeBytes ?? 0);
}

/** Reads what comes next, off the loop; the bytes are valid until `done` returns. Null: there is nothing. */
export function readNext(from: PartitionLog, to: PartitionLog, into: Uint8Array, done: (bytes: Uint8Array | null) => void): void {
  const slice = readSlice(from, to.logEndOffset, into.length, from.logEndOffset, true);
  if (slice === null || slice === OUT_OF_RANGE || slice.sizeBytes === 0) return done(null);
  const held = from.guarded(() => slice.segment.file.hold());
  // One batch may be larger than all that is asked for.
  const bytes = slice.sizeBytes <= into.length ? into.subarray(0, slice.sizeBytes) : new Uint8Array(slice.sizeBytes);
  held.file.read(slice.position, bytes, (error, read) => {
    held.release();
    if (error !== null) from.failed(error);
    done(error === null ? bytes.subarray(0, read) : null);
  });
}

/** What is wrong with the bytes, if anything is. */
export function appendCopied(from: PartitionLog, to: PartitionLog, records: Uint8Array, crc32c: Crc32c): string | null {
  const { highWatermark, logStartOffset } = from;
  const appended = appendReplicated(to, from.latestEpoch, { records, highWatermark, logStartOffset }, crc32c);
  return typeof appended === 'object' ? appended.problem : null;
}

/** Copies the rest before it returns: for what is short. */
export function copyRest(from: PartitionLog, to: PartitionLog, crc32c: Crc32c): string | null {
  while (to.logEndOffset < from.logEndOffset) {
    const before = to.logEndOffset;
    const problem = appendCopied(from, to, readBatches(from, before, REST_BYTES, from.logEndOffset), crc32c);
    if (problem !== null || to.logEndOffset === before) return problem ?? `nothing comes after offset ${before}`;
  }
  return null;
}

const REST_BYTES = 1_048_576;
