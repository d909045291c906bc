/**
 * Records that look like what people send: JSON lines with a few fixed field names, words that come back and random ids, so
 * that codecs have something to do (LZ4 makes about half of it). The same bytes in each run.
 */
import { type CompressionName, CompressionType } from '../../wire/record/compression-type';
import { BATCH_HEADER_BYTES } from '../../wire/record/batch';
import { encodeBatch } from '../../wire/record/records';
import type { Crc32c } from '../../wire/base/env';

export interface BatchShape {
  /** Of each record's value; keys are null. */
  readonly recordBytes: number;
  /** The batch's size before compression: as many records as fit, at least one. */
  readonly batchBytes: number;
  readonly compression: CompressionName;
}

export interface PreparedBatch {
  readonly bytes: Uint8Array;
  readonly recordsCount: number;
  readonly uncompressedBytes: number;
}

const WORDS = (
  'river castle bridge broker leader follower batch offset segment index record topic order payment customer shipped ' +
  'pending accepted refused invoice amount total currency street number city country north south east west'
).split(' ');

/** Length, attributes, timestamp and offset deltas, key and value lengths, headers: at most this beside the value. */
const RECORD_OVERHEAD_BYTES = 14;

export function prepareBatch(shape: BatchShape, timestampMs: number, crc32c: Crc32c): PreparedBatch {
  const room = shape.batchBytes - BATCH_HEADER_BYTES;
  const recordsCount = Math.max(1, Math.floor(room / (shape.recordBytes + RECORD_OVERHEAD_BYTES)));
  const next = xorshift(0x9e3779b9);
  const records = Array.from({ length: recordsCount }, () => ({
    key: null,
    value: Buffer.from(line(shape.recordBytes, next), 'latin1'),
    timestampMs,
  }));
  const plain = encodeBatch({ records }, crc32c);
  const compression = CompressionType[shape.compression];
  const bytes = compression === CompressionType.none ? plain : encodeBatch({ records, compression }, crc32c);
  return { bytes, recordsCount, uncompressedBytes: plain.length };
}

/** Lines of `recordBytes` each for clients that read a file, `sizeBytes` or a little less in all. */
export function linesOf(recordBytes: number, sizeBytes: number): string[] {
  const next = xorshift(0x2545f491);
  return Array.from({ length: Math.floor(sizeBytes / (recordBytes + 1)) }, () => line(recordBytes, next));
}

function line(sizeBytes: number, next: () => number): string {
  const word = (): string => WORDS[next() % WORDS.length] as string;
  let text = `{"id":"${next().toString(16)}${next().toString(16)}","type":"${word()}"`;
  while (text.length < sizeBytes) text += `,"${word()}":"${word()} ${word()} ${next().toString(36)}"`;
  return text.slice(0, sizeBytes);
}

/** Marsaglia's xorshift32. */
function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
