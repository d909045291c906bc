/**
 * Control records: what brokers and quorums write into logs for each other, in batches with the control bit. Consumers skip
 * them, compaction leaves them alone, clients may not write them.
 *
 * The key is `{ version int16, type int16 }`; the value belongs to the type. ABORT and COMMIT end transactions (KIP-98), the
 * others keep the metadata log and its snapshots (KIP-595, KIP-630, KIP-853). Types that a later version may add are read
 * as UNKNOWN, never refused.
 */

import { decode, encode } from '../codec';
import { DecodeError } from '../base/errors';
import type { Crc32c } from '../base/env';
import {
  KRaftVersionRecord,
  LeaderChangeMessage,
  SnapshotFooterRecord,
  SnapshotHeaderRecord,
  VotersRecord,
} from '../schema/control-records';
import type { BatchView } from './batch';
import { readInt16, readInt32, writeInt16, writeInt32 } from './big-endian';
import { decodeRecords, encodeBatch } from './records';

export const ControlRecordType = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const;

export type TransactionResult = 'ABORT' | 'COMMIT';

export type ControlRecord =
  | { readonly type: TransactionResult; readonly coordinatorEpoch: number }
  | { readonly type: 'LEADER_CHANGE'; readonly value: LeaderChangeMessage }
  | { readonly type: 'SNAPSHOT_HEADER'; readonly value: SnapshotHeaderRecord }
  | { readonly type: 'SNAPSHOT_FOOTER'; readonly value: SnapshotFooterRecord }
  | { readonly type: 'KRAFT_VERSION'; readonly value: KRaftVersionRecord }
  | { readonly type: 'KRAFT_VOTERS'; readonly value: VotersRecord };

export type UnknownControlRecord = { readonly type: 'UNKNOWN'; readonly typeId: number };

const KEY_BYTES = 4;
const MARKER_VALUE_BYTES = 6;
const LATEST_LEADER_CHANGE_VERSION = 1;
/** A newer writer may have added to a value; what it added is kept or passed over. */
const LENIENT = { keepUnknownTags: true, allowTrailing: true } as const;

export interface ControlBatchPlace {
  readonly baseOffset?: number;
  readonly leaderEpoch: number;
  readonly timestampMs: number;
}

/** One control batch of the metadata log or of a snapshot, holding these records in order. */
export function encodeControlBatch(
  records: readonly ControlRecord[],
  place: ControlBatchPlace,
  crc32c: Crc32c,
): Uint8Array {
  return encodeBatch(
    {
      records: records.map((record) => ({
        key: encodeControlKey(record.type),
        value: encodeControlValue(record),
        timestampMs: place.timestampMs,
      })),
      leaderEpoch: place.leaderEpoch,
      isControl: true,
      ...(place.baseOffset === undefined ? {} : { baseOffset: place.baseOffset }),
    },
    crc32c,
  );
}

export interface TransactionMarkerSpec extends ControlBatchPlace {
  readonly result: TransactionResult;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
}

/** The batch that ends a producer's transaction on one partition. */
export function encodeTransactionMarker(spec: TransactionMarkerSpec, crc32c: Crc32c): Uint8Array {
  const { result, coordinatorEpoch, timestampMs } = spec;
  const value = encodeControlValue({ type: result, coordinatorEpoch });
  return encodeBatch(
    {
      records: [{ key: encodeControlKey(result), value, timestampMs }],
      leaderEpoch: spec.leaderEpoch,
      producerId: spec.producerId,
      producerEpoch: spec.producerEpoch,
      isTransactional: true,
      isControl: true,
      ...(spec.baseOffset === undefined ? {} : { baseOffset: spec.baseOffset }),
    },
    crc32c,
  );
}

export function encodeControlKey(type: keyof typeof ControlRecordType): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  writeInt16(key, 2, ControlRecordType[type]);
  return key;
}

export function encodeControlValue(record: ControlRecord): Uint8Array {
  switch (record.type) {
    case 'ABORT':
    case 'COMMIT': {
      const value = new Uint8Array(MARKER_VALUE_BYTES);
      writeInt32(value, 2, record.coordinatorEpoch);
      return value;
    }
    case 'LEADER_CHANGE':
      return encode(LeaderChangeMessage, Math.min(record.value.version, LATEST_LEADER_CHANGE_VERSION), record.value);
    case 'SNAPSHOT_HEADER':
      return encode(SnapshotHeaderRecord, 0, record.value);
    case 'SNAPSHOT_FOOTER':
      return encode(SnapshotFooterRecord, 0, record.value);
    case 'KRAFT_VERSION':
      return encode(KRaftVersionRecord, 0, record.value);
    case 'KRAFT_VOTERS':
      return encode(VotersRecord, 0, record.value);
  }
}

/** The type's number, from a control record's key. Throws a DecodeError for a key that cannot be one. */
export function controlTypeId(key: Uint8Array | null): number {
  if (key === null || key.length < KEY_BYTES) throw new DecodeError('control record without a key of 4 bytes');
  if (readInt16(key, 0) < 0) throw new DecodeError('control record key of a negative version');
  return readInt16(key, 2);
}

/** Reads one control record. Throws a DecodeError when key or value are not what the type says. */
export function decodeControlRecord(
  key: Uint8Array | null,
  value: Uint8Array | null,
): ControlRecord | UnknownControlRecord {
  const typeId = controlTypeId(key);
  switch (typeId) {
    case ControlRecordType.ABORT:
      return { type: 'ABORT', coordinatorEpoch: coordinatorEpochOf(value) };
    case ControlRecordType.COMMIT:
      return { type: 'COMMIT', coordinatorEpoch: coordinatorEpochOf(value) };
    case ControlRecordType.LEADER_CHANGE: {
      const bytes = valueOf(value);
      const version = Math.min(versionOf(bytes), LATEST_LEADER_CHANGE_VERSION);
      return { type: 'LEADER_CHANGE', value: decode(LeaderChangeMessage, version, bytes, LENIENT) };
    }
    case ControlRecordType.SNAPSHOT_HEADER:
      return { type: 'SNAPSHOT_HEADER', value: decode(SnapshotHeaderRecord, 0, valueOf(value), LENIENT) };
    case ControlRecordType.SNAPSHOT_FOOTER:
      return { type: 'SNAPSHOT_FOOTER', value: decode(SnapshotFooterRecord, 0, valueOf(value), LENIENT) };
    case ControlRecordType.KRAFT_VERSION:
      return { type: 'KRAFT_VERSION', value: decode(KRaftVersionRecord, 0, valueOf(value), LENIENT) };
    case ControlRecordType.KRAFT_VOTERS:
      return { type: 'KRAFT_VOTERS', value: decode(VotersRecord, 0, valueOf(value), LENIENT) };
    default:
      return { type: 'UNKNOWN', typeId };
  }
}

/** The records of a control batch, with their offsets. */
export function decodeControlBatch(
  batch: BatchView,
): { readonly offset: number; readonly record: ControlRecord | UnknownControlRecord }[] {
  return decodeRecords(batch).map(({ offset, key, value }) => ({ offset, record: decodeControlRecord(key, value) }));
}

function valueOf(value: Uint8Array | null): Uint8Array {
  if (value === null) throw new DecodeError('control record without value');
  return value;
}

function versionOf(value: Uint8Array): number {
  if (value.length < 2) throw new DecodeError('control record value without version');
  const version = readInt16(value, 0);
  if (version < 0) throw new DecodeError('control record value of a negative version');
  return version;
}

function coordinatorEpochOf(value: Uint8Array | null): number {
  const bytes = valueOf(value);
  versionOf(bytes);
  if (bytes.length < MARKER_VALUE_BYTES) throw new DecodeError('transaction marker value shorter than 6 bytes');
  return readInt32(bytes, 2);
}
