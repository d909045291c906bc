/**
 * Records of `<source>.checkpoints.internal`: how far a group is on the source, and where it may go on at the target
 * (KIP-382). Topics are named as on the target. Pure.
 */
import { ByteReader } from '../../wire/base/byte-reader';
import { ByteWriter } from '../../wire/base/byte-writer';
import type { KeyAndValue } from './key-and-value';

export interface Checkpoint {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly upstreamOffset: number;
  readonly downstreamOffset: number;
  readonly metadata: string;
}

const VERSION = 0;

export function encodeCheckpoint(checkpoint: Checkpoint): KeyAndValue {
  const key = new ByteWriter(64);
  key.string(checkpoint.group);
  key.string(checkpoint.topic);
  key.int32(checkpoint.partition);
  const value = new ByteWriter(32);
  value.int16(VERSION);
  value.int64(checkpoint.upstreamOffset);
  value.int64(checkpoint.downstreamOffset);
  value.string(checkpoint.metadata);
  return { key: key.finish(), value: value.finish() };
}

/** null when the value is of a version that is not known. Throws a DecodeError. */
export function decodeCheckpoint({ key, value }: KeyAndValue): Checkpoint | null {
  const keyReader = new ByteReader(key);
  const valueReader = new ByteReader(value);
  if (valueReader.int16() !== VERSION) return null;
  return {
    group: keyReader.string(),
    topic: keyReader.string(),
    partition: keyReader.int32(),
    upstreamOffset: valueReader.int64(),
    downstreamOffset: valueReader.int64(),
    metadata: valueReader.string(),
  };
}
