/** Files beside a segment that a start believes without reading the batches, once the recovery point has passed them. */
import { OFFSET_INDEX_SUFFIX, PARTITION_METADATA, PRODUCER_SNAPSHOT_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX } from './file-names';
import type { LogSegment } from './segment';

/** Indexes, the producer snapshot that covers the segment (it has the next one's name), and the topic's id. */
export function trustedFiles(directory: string, segment: LogSegment, next: LogSegment | undefined): readonly string[] {
  const indexes = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX].map((suffix) => segment.path(suffix));
  const snapshot = next === undefined ? [] : [next.path(PRODUCER_SNAPSHOT_SUFFIX)];
  return [...indexes, ...snapshot, `${directory}/${PARTITION_METADATA}`];
}
