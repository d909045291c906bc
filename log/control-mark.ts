/** What a transaction marker's record says, as far as producer state needs it. */
import type { BatchView } from '../wire/record/batch';

export interface ControlRecordMark {
  readonly isAbort: boolean;
  readonly coordinatorEpoch: number;
}

const ABORT = 0;
const COMMIT = 1;
/** length, attributes, timestampDelta, offsetDelta and keyLength are one byte each in a marker's only record. */
const SMALL_VARINT_LIMIT = 0x80;

/**
 * Reads the marker of a control batch; null for control records that end no transaction (quorum records).
 * A marker's record is tiny, so its varints are one byte each; anything longer is not a marker.
 */
export function readControlMark(batch: BatchView): ControlRecordMark | null {
  const records = batch.recordsBytes;
  if (records.length < 16 || (records[0] ?? 0x80) >= SMALL_VARINT_LIMIT || records[4] !== 8) return null;
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  const type = view.getInt16(7);
  if (type !== ABORT && type !== COMMIT) return null;
  return { isAbort: type === ABORT, coordinatorEpoch: view.getInt32(12) };
}
