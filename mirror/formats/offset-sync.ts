/**
 * Records of `mm2-offset-syncs.<alias>.internal`: an upstream offset and the downstream offset of its copy (KIP-382).
 *
 * Kafka's old "Type" encoding, without a version. Topics are named as in the source. Pure.
 */
import { ByteReader } from '../../wire/base/byte-reader';
import { ByteWriter } from '../../wire/base/byte-writer';
import type { KeyAndValue } from './key-and-value';

export interface OffsetSync {
  readonly topic: string;
  readonly partition: number;
  readonly upstreamOffset: number;
  readonly downstreamOffset: number;
}

export function encodeOffsetSync({ topic, partition, upstreamOffset, downstreamOffset }: OffsetSync): KeyAndValue {
  const key = new ByteWriter(64);
  key.string(topic);
  key.int32(partition);
  const value = new ByteWriter(16);
  value.int64(upstreamOffset);
  value.int64(downstreamOffset);
  return { key: key.finish(), value: value.finish() };
}

/** Throws a DecodeError. */
export function decodeOffsetSync({ key, value }: KeyAndValue): OffsetSync {
  const keyReader = new ByteReader(key);
  const valueReader = new ByteReader(value);
  return {
    topic: keyReader.string(),
    partition: keyReader.int32(),
    upstreamOffset: valueReader.int64(),
    downstreamOffset: valueReader.int64(),
  };
}
