/** When the active segment is closed and another begun (ondisk layout, section 3). */
import type { Clock } from '../wire/base/env';
import type { Env } from './env';
import { segmentSizeBytes, type LogConfig } from './log-config';
import type { LogSegment } from './segment';

/** Index entries hold offsets relative to the segment's base in 31 bits. */
const MAX_RELATIVE_OFFSET = 0x7fffffff;
const MAX_JITTER_MS = 0x7fffffff;

export interface IncomingBatches {
  readonly sizeBytes: number;
  readonly maxTimestampMs: number;
  readonly lastOffset: number;
}

/** By size, by the age of the first record (by wall time where records have none), by a full index. */
export function shouldRoll(segment: LogSegment, incoming: IncomingBatches, config: LogConfig, jitterMs: number, clock: Clock): boolean {
  if (segment.sizeBytes === 0) return false;
  if (segment.sizeBytes > segmentSizeBytes(config) - incoming.sizeBytes) return true;
  const firstMs = segment.firstBatchTimestampMs ?? -1;
  const byRecords = firstMs >= 0 && incoming.maxTimestampMs >= 0;
  const waitedMs = byRecords ? incoming.maxTimestampMs - firstMs : clock.wallMs() - segment.createdMs;
  if (waitedMs > config.segmentMs - jitterMs) return true;
  return segment.isIndexFull || incoming.lastOffset - segment.baseOffset > MAX_RELATIVE_OFFSET;
}

/** By how much one log's segments are rolled earlier than segment.ms says, so that those of a topic do not roll at once. */
export function drawRollJitterMs({ segmentJitterMs, segmentMs }: LogConfig, env: Pick<Env, 'random'>): number {
  const bound = Math.min(segmentJitterMs, segmentMs, MAX_JITTER_MS);
  return bound > 0 ? env.random('log.roll.jitter').below(bound) : 0;
}
