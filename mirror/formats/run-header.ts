/**
 * What our offset syncs carry beside MirrorMaker's fields: a record header that says since when source and target go in step,
 * and which topic it is. MirrorMaker and its clients pass over it. Pure.
 *
 * A sync alone says where one record is. With the header it says so for every record from the run's start to the sync's.
 */
import { ByteReader } from '../../wire/base/byte-reader';
import { ByteWriter } from '../../wire/base/byte-writer';
import type { RecordHeader } from '../../wire/record/record-headers';

export interface SyncRun {
  readonly upstreamStart: number;
  readonly downstreamStart: number;
  /** The source topic's id: offsets of a topic that was created again have nothing to do with the old one's. */
  readonly topicId: string;
}

const KEY = 'moldau.run';
const SIZE = 32;

export function encodeRunHeader({ upstreamStart, downstreamStart, topicId }: SyncRun): RecordHeader {
  const value = new ByteWriter(SIZE);
  value.int64(upstreamStart);
  value.int64(downstreamStart);
  value.uuid(topicId);
  return { key: KEY, value: value.finish() };
}

/** null when there is none, or one that we cannot read: the sync then stands for one record. */
export function decodeRunHeader(headers: readonly RecordHeader[]): SyncRun | null {
  const value = headers.find(({ key }) => key === KEY)?.value ?? null;
  if (value === null || value.length < SIZE) return null;
  const reader = new ByteReader(value);
  const [high, low] = [reader.view.getInt32(0), reader.view.getInt32(8)];
  if (high < 0 || high >= 0x200000 || low < 0 || low >= 0x200000) return null;
  return { upstreamStart: reader.int64(), downstreamStart: reader.int64(), topicId: reader.uuid() };
}
