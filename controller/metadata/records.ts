/**
 * Records of the metadata log, as values and as bytes: unsigned varint frame version 1, type, version, then the body.
 *
 * A type, version or frame that this node does not know stops it: metadata that is skipped is metadata that is wrong, and
 * a controller of a newer release has every right to write it. (KIP-631)
 */
import { ByteReader } from '../../wire/base/byte-reader';
import { ByteWriter } from '../../wire/base/byte-writer';
import { DecodeError } from '../../wire/base/errors';
import { decode, encode } from '../../wire/codec';
import type { Infer } from '../../wire/schema';
import {
  BrokerRegistrationChangeRecord,
  ClearElrRecord,
  FenceBrokerRecord,
  PartitionChangeRecord,
  PartitionRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  RemoveTopicRecord,
  TopicRecord,
  UnfenceBrokerRecord,
  UnregisterBrokerRecord,
} from '../../wire/schema/metadata-records';
import {
  AbortTransactionRecord,
  AccessControlEntryRecord,
  BeginTransactionRecord,
  ClientQuotaRecord,
  ConfigRecord,
  DelegationTokenRecord,
  EndTransactionRecord,
  FeatureLevelRecord,
  NoOpRecord,
  ProducerIdsRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
  ZkMigrationStateRecord,
} from '../../wire/schema/metadata-records-settings';

const FRAME_VERSION = 1;

const recordTypes = {
  RegisterBrokerRecord,
  UnregisterBrokerRecord,
  TopicRecord,
  PartitionRecord,
  ConfigRecord,
  PartitionChangeRecord,
  FenceBrokerRecord,
  UnfenceBrokerRecord,
  RemoveTopicRecord,
  DelegationTokenRecord,
  UserScramCredentialRecord,
  FeatureLevelRecord,
  ClientQuotaRecord,
  ProducerIdsRecord,
  BrokerRegistrationChangeRecord,
  AccessControlEntryRecord,
  RemoveAccessControlEntryRecord,
  NoOpRecord,
  ZkMigrationStateRecord,
  RemoveUserScramCredentialRecord,
  BeginTransactionRecord,
  EndTransactionRecord,
  AbortTransactionRecord,
  RemoveDelegationTokenRecord,
  RegisterControllerRecord,
  ClearElrRecord,
} as const;

export type RecordType = keyof typeof recordTypes;
export type RecordValue<K extends RecordType> = Infer<(typeof recordTypes)[K]>;

/** One record: `type` says what `value` is. Every field of every version is there. */
export type MetadataRecord = {
  readonly [K in RecordType]: { readonly type: K; readonly version: number; readonly value: RecordValue<K> };
}[RecordType];

const typeByKey: ReadonlyMap<number, RecordType> = new Map(
  (Object.keys(recordTypes) as RecordType[]).map((type) => [recordTypes[type].apiKey, type]),
);

/** A record of the log that this release cannot read: the node stops and says which. */
export class UnknownRecordError extends Error {
  override readonly name = 'UnknownRecordError';
}

export function metadataRecord<K extends RecordType>(type: K, version: number, value: RecordValue<K>): MetadataRecord {
  // The pair fits by the signature; TypeScript does not follow that through the mapped union.
  return { type, version, value } as unknown as MetadataRecord;
}

/** The record's value as it lies in a batch. Throws EncodeError for a value that its version cannot carry. */
export function encodeMetadataRecord(record: MetadataRecord): Uint8Array {
  const schema = recordTypes[record.type];
  const writer = new ByteWriter();
  writer.unsignedVarint(FRAME_VERSION);
  writer.unsignedVarint(schema.apiKey);
  writer.unsignedVarint(record.version);
  writer.raw(encode(schema as typeof NoOpRecord, record.version, record.value as RecordValue<'NoOpRecord'>));
  return writer.finish();
}

/** Throws UnknownRecordError for what a newer release may have written, DecodeError for what nobody should have. */
export function decodeMetadataRecord(bytes: Uint8Array): MetadataRecord {
  const reader = new ByteReader(bytes);
  const frameVersion = reader.unsignedVarint();
  if (frameVersion !== FRAME_VERSION)
    throw new UnknownRecordError(`metadata record with frame version ${frameVersion}, expected 1`);
  const key = reader.unsignedVarint();
  const version = reader.unsignedVarint();
  const type = typeByKey.get(key);
  if (type === undefined)
    throw new UnknownRecordError(`metadata record of type ${key}, which this release does not know`);
  const schema = recordTypes[type];
  const { min, max } = schema.validVersions;
  if (version < min || version > max) {
    throw new UnknownRecordError(`${type} of version ${version}: this release reads versions ${min} to ${max}`);
  }
  try {
    const value = decode(schema as typeof NoOpRecord, version, bytes, { offset: reader.position });
    return { type, version, value } as unknown as MetadataRecord;
  } catch (error) {
    if (error instanceof DecodeError) throw error.within(type);
    throw error;
  }
}
