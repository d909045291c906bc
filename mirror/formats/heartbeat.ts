/** Records of `heartbeats`: that a flow's mirror lives, and reaches its target (KIP-382). Pure. */
import { ByteReader } from '../../wire/base/byte-reader';
import { ByteWriter } from '../../wire/base/byte-writer';
import type { KeyAndValue } from './key-and-value';

export interface Heartbeat {
  readonly sourceAlias: string;
  readonly targetAlias: string;
  readonly timestampMs: number;
}

const VERSION = 0;

export function encodeHeartbeat({ sourceAlias, targetAlias, timestampMs }: Heartbeat): KeyAndValue {
  const key = new ByteWriter(32);
  key.string(sourceAlias);
  key.string(targetAlias);
  const value = new ByteWriter(10);
  value.int16(VERSION);
  value.int64(timestampMs);
  return { key: key.finish(), value: value.finish() };
}

/** null when the value is of a version that is not known. Throws a DecodeError. */
export function decodeHeartbeat({ key, value }: KeyAndValue): Heartbeat | null {
  const keyReader = new ByteReader(key);
  const valueReader = new ByteReader(value);
  if (valueReader.int16() !== VERSION) return null;
  return { sourceAlias: keyReader.string(), targetAlias: keyReader.string(), timestampMs: valueReader.int64() };
}
