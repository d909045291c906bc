/**
 * Reads a target's tail beside the source's batches, for a copy that goes on behind what somebody may have appended. Bounded:
 * one answer of each side is in memory.
 */
import type { BaseEnv } from '../../wire/base/env';
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { BATCH_HEADER_BYTES, BatchField } from '../../wire/record/batch';
import { readInt64 } from '../../wire/record/big-endian';
import type { FlowPartition } from '../flow/flow-partition';
import { committedBatches } from './committed-batches-core';
import type { ResumePoint } from './partition-writer';
import { isPassable, rebuiltBatch } from './rebuilt-batch';
import { TailMatch, type ExpectedBatch } from './tail-match-core';

export interface TailParts {
  readonly source: ClusterClient;
  readonly target: ClusterClient;
  readonly env: BaseEnv;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** What of the target's [known.lastTargetOffset + 1, endOffset) is the copy of what follows `known.position`. */
export async function readTail(
  parts: TailParts,
  partition: FlowPartition,
  known: ResumePoint,
  endOffset: number,
): Promise<TailMatch> {
  const match = new TailMatch(known.position, known.epoch, known.lastTargetOffset);
  const source = new SourceReader(parts, partition, known.position);
  const { targetTopic, partition: index } = partition;
  const startOffset = await parts.target.listOffset(targetTopic, index, -2);
  for (let at = Math.max(startOffset, known.lastTargetOffset + 1); at < endOffset;) {
    const before = at;
    const { records } = await parts.target.fetch(targetTopic, index, at, { maxBytes: MAX_BYTES, maxWaitMs: 0 });
    const { batches, nextOffset, problem } = committedBatches(records, at, null);
    for (const batch of batches) {
      if (batch.baseOffset >= endOffset) return match;
      if (match.needsSource) match.addSource(await source.next());
      match.takeTarget(batch);
    }
    at = nextOffset;
    if (problem !== null) throw new ServerError(ErrorCode.CORRUPT_MESSAGE, `${targetTopic}-${index}: ${problem}`);
    if (at === before) throw new ServerError(ErrorCode.OFFSET_NOT_AVAILABLE, `${targetTopic}-${index} at ${at}`);
  }
  return match;
}

function firstOffsetOf(records: Uint8Array, whenEmpty: number): number {
  return records.length < BATCH_HEADER_BYTES ? whenEmpty : readInt64(records, BatchField.baseOffset);
}

class SourceReader {
  private isAtEnd = false;

  constructor(
    private readonly parts: TailParts,
    private readonly partition: FlowPartition,
    private offset: number,
  ) {}

  /** As they would be sent; none when the source has no more. */
  async next(): Promise<ExpectedBatch[]> {
    const { sourceTopic, partition } = this.partition;
    const expected: ExpectedBatch[] = [];
    while (expected.length === 0 && !this.isAtEnd) {
      const startOffset = await this.parts.source.listOffset(sourceTopic, partition, -2);
      const from = Math.max(this.offset, startOffset);
      const options = { maxBytes: MAX_BYTES, maxWaitMs: 0, readCommitted: true };
      const fetched = await this.parts.source.fetch(sourceTopic, partition, from, options);
      // Records expire by offset, and the batch that the log now starts within was copied whole when it was.
      const first = startOffset > this.offset ? Math.min(from, firstOffsetOf(fetched.records, from)) : from;
      const { batches, nextOffset } = committedBatches(fetched.records, first, fetched.abortedTransactions);
      this.isAtEnd = nextOffset <= from;
      this.offset = nextOffset;
      for (const batch of batches) {
        const bytes = isPassable(batch) ? batch.bytes : rebuiltBatch(batch, this.parts.env.crc32c).bytes;
        const { leaderEpoch: sourceEpoch, lastOffset } = batch;
        if (bytes !== null) expected.push({ bytes, nextSourceOffset: lastOffset + 1, sourceEpoch });
      }
    }
    return expected;
  }
}
