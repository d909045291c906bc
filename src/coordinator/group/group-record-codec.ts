/**
 * Bytes of the records of `__consumer_offsets`: a key is an int16 type and a body, a value an int16 version and a
 * body; no value is a tombstone.
 *
 * Written: offsets in version 4, or 1 when the client gave a retention of its own, so that every version of Kafka honours it;
 * groups in version 3. Read: all versions, and keys of type 0, which brokers before 0.9 wrote.
 */

import { decode, encodeChunks } from '../../../wire/codec';
import { DecodeError } from '../../../wire/base/errors';
import { readInt16, writeInt16 } from '../../../wire/record/big-endian';
import type { Input, Message } from '../../../wire/schema';
import {
  GroupMetadataKey,
  GroupMetadataValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from '../../../wire/schema/offset-records';
import type { RecordCodec } from '../shard-machine';
import {
  type CommittedOffset,
  type CoordinatorRecord,
  type GroupMetadataRecord,
  type OffsetCommitRecord,
  RecordType,
  type StoredClassicGroup,
} from './group-records';

const KEY_VERSION = 0;
const OFFSET_VALUE_VERSION = 4;
const OFFSET_VALUE_VERSION_WITH_EXPIRY = 1;
const GROUP_VALUE_VERSION = 3;
const PREFIX_BYTES = 2;

interface Encoded {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Keys and values of one type of record, for groups that are not classic: one per record type. */
export interface OtherRecordSchema {
  readonly key: Message;
  readonly value: Message;
  /** The version in which values are written. */
  readonly valueVersion: number;
}

export class GroupRecordCodec implements RecordCodec<CoordinatorRecord> {
  constructor(private readonly others: ReadonlyMap<number, OtherRecordSchema> = new Map()) {}

  encode(record: CoordinatorRecord): Encoded {
    switch (record.kind) {
      case 'offsetCommit':
        return encodeOffset(record);
      case 'groupMetadata':
        return encodeGroup(record);
      case 'other': {
        const schema = this.others.get(record.recordType);
        if (schema === undefined) throw new TypeError(`no schema for records of type ${record.recordType}`);
        const value = record.value === null ? null : encodeBody(schema.value, schema.valueVersion, record.value);
        return { key: encodeBody(schema.key, KEY_VERSION, record.key, record.recordType), value };
      }
    }
  }

  decode(key: Uint8Array, value: Uint8Array | null): CoordinatorRecord | null {
    const recordType = prefixOf(key);
    switch (recordType) {
      case RecordType.legacyOffsetCommit:
      case RecordType.offsetCommit:
        return decodeOffset(key, value);
      case RecordType.groupMetadata:
        return decodeGroup(key, value);
      default: {
        const schema = this.others.get(recordType);
        if (schema === undefined) return null;
        const decodedValue = value === null ? null : decodeBody(schema.value, prefixOf(value), value);
        return { kind: 'other', recordType, key: decodeBody(schema.key, KEY_VERSION, key), value: decodedValue };
      }
    }
  }
}

function encodeOffset(record: OffsetCommitRecord): Encoded {
  const { groupId: group, topic, partition, value } = record;
  const key = encodeBody(OffsetCommitKey, KEY_VERSION, { group, topic, partition }, RecordType.offsetCommit);
  return { key, value: value === null ? null : encodeOffsetValue(value) };
}

function encodeOffsetValue(value: CommittedOffset): Uint8Array {
  const version = value.expireTimestampMs === -1 ? OFFSET_VALUE_VERSION : OFFSET_VALUE_VERSION_WITH_EXPIRY;
  return encodeBody(OffsetCommitValue, version, {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestamp: value.commitTimestampMs,
    expireTimestamp: value.expireTimestampMs,
    topicId: value.topicId,
  });
}

function decodeOffset(key: Uint8Array, value: Uint8Array | null): OffsetCommitRecord {
  const { group: groupId, topic, partition } = decodeBody(OffsetCommitKey, KEY_VERSION, key);
  return { kind: 'offsetCommit', groupId, topic, partition, value: value === null ? null : decodeOffsetValue(value) };
}

function decodeOffsetValue(bytes: Uint8Array): CommittedOffset {
  const value = decodeBody(OffsetCommitValue, prefixOf(bytes), bytes);
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp,
    topicId: value.topicId,
  };
}

function encodeGroup(record: GroupMetadataRecord): Encoded {
  const key = encodeBody(GroupMetadataKey, KEY_VERSION, { group: record.groupId }, RecordType.groupMetadata);
  if (record.value === null) return { key, value: null };
  const { protocolType, generationId, protocolName, leaderId, currentStateTimestampMs, members } = record.value;
  const value = encodeBody(GroupMetadataValue, GROUP_VALUE_VERSION, {
    protocolType,
    generation: generationId,
    protocol: protocolName,
    leader: leaderId,
    currentStateTimestamp: currentStateTimestampMs,
    members: members.map(({ rebalanceTimeoutMs, sessionTimeoutMs, ...member }) => ({
      ...member,
      rebalanceTimeout: rebalanceTimeoutMs,
      sessionTimeout: sessionTimeoutMs,
    })),
  });
  return { key, value };
}

function decodeGroup(key: Uint8Array, value: Uint8Array | null): GroupMetadataRecord {
  const { group: groupId } = decodeBody(GroupMetadataKey, KEY_VERSION, key);
  return { kind: 'groupMetadata', groupId, value: value === null ? null : decodeGroupValue(value) };
}

function decodeGroupValue(bytes: Uint8Array): StoredClassicGroup {
  const value = decodeBody(GroupMetadataValue, prefixOf(bytes), bytes);
  return {
    protocolType: value.protocolType,
    generationId: value.generation,
    protocolName: value.protocol,
    leaderId: value.leader,
    currentStateTimestampMs: value.currentStateTimestamp,
    members: value.members.map(({ rebalanceTimeout, sessionTimeout, ...member }) => ({
      ...member,
      rebalanceTimeoutMs: rebalanceTimeout,
      sessionTimeoutMs: sessionTimeout,
    })),
  };
}

function prefixOf(bytes: Uint8Array): number {
  if (bytes.length < PREFIX_BYTES) throw new DecodeError('a stored record without a type or version');
  return readInt16(bytes, 0);
}

/** The body behind the int16 that says what it is: a value's version, or a key's type when one is given. */
function encodeBody<M extends Message>(
  message: M,
  version: number,
  body: Input<M> | object,
  type = version,
): Uint8Array {
  const prefix = new Uint8Array(PREFIX_BYTES);
  writeInt16(prefix, 0, type);
  const { chunks } = encodeChunks(message, version, body as Input<M>, prefix);
  return chunks[0] as Uint8Array;
}

function decodeBody<M extends Message>(message: M, version: number, bytes: Uint8Array) {
  return decode(message, version, bytes, { offset: PREFIX_BYTES });
}
