/**
 * A record batch of magic 2 where it lies: reads fields, patches those that a broker may change. Nothing is copied.
 *
 * Invariants: after `moveTo` the whole batch lies within `bytes`; a view never outlives the bytes under it (a frame's bytes
 * die with its callback). The base offset and the leader epoch are outside the checksum; everything from the attributes on
 * is inside, so whoever patches it passes a Crc32c.
 */

import { DecodeError } from '../base/errors';
import type { Crc32c } from '../base/env';
import {
  readInt16,
  readInt32,
  readInt64,
  readInt8,
  readUint32,
  writeInt16,
  writeInt32,
  writeInt64,
} from './big-endian';

/** Base offset and length: what precedes the bytes that `batchLength` counts. */
export const BATCH_OVERHEAD_BYTES = 12;
/** The header of a batch of magic 2, up to the first record. */
export const BATCH_HEADER_BYTES = 61;
export const MAGIC_V2 = 2;

export const NO_TIMESTAMP = -1;
export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_PARTITION_LEADER_EPOCH = -1;

export const TimestampType = { createTime: 0, logAppendTime: 1 } as const;
export type TimestampType = (typeof TimestampType)[keyof typeof TimestampType];

/** Where the fields of the header lie, counted from the batch's first byte. */
export const BatchField = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordsCount: 57,
} as const;

export const BatchAttribute = {
  compressionMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

const SEQUENCE_MODULUS = 2147483648;

/**
 * The size in bytes of the batch that starts at `offset`, or -1 when fewer than 12 bytes are there.
 * Also right for magic 0 and 1. A negative length gives a size below 12: callers treat what is under
 * BATCH_HEADER_BYTES as corruption.
 */
export function batchSizeAt(bytes: Uint8Array, offset: number): number {
  if (bytes.length - offset < BATCH_OVERHEAD_BYTES) return -1;
  return readInt32(bytes, offset + BatchField.batchLength) + BATCH_OVERHEAD_BYTES;
}

/** The magic byte of the batch that starts at `offset`, or -1 when it is not there yet. */
export function magicAt(bytes: Uint8Array, offset: number): number {
  if (bytes.length - offset <= BatchField.magic) return -1;
  return readInt8(bytes, offset + BatchField.magic);
}

/** The sequence number `increment` after `sequence`; numbers wrap from 2^31-1 to 0. (KIP-98) */
export function incrementSequence(sequence: number, increment: number): number {
  return (sequence + increment) % SEQUENCE_MODULUS;
}

const NOTHING = new Uint8Array(0);

export class BatchView {
  private data: Uint8Array = NOTHING;
  private start = 0;
  private size = 0;

  /** A view of the batch at `offset`, or a cursor to be placed with `moveTo`. Throws as `moveTo` does. */
  constructor(bytes?: Uint8Array, offset = 0) {
    if (bytes !== undefined) this.moveTo(bytes, offset);
  }

  /**
   * Places the view on the batch that starts at `offset`. Throws a DecodeError, and stays where it was, when the batch is
   * not whole or shorter than a header. Neither magic nor checksum is looked at.
   */
  moveTo(bytes: Uint8Array, offset: number): this {
    const size = batchSizeAt(bytes, offset);
    if (size < BATCH_HEADER_BYTES || size > bytes.length - offset) {
      throw new DecodeError(`record batch at ${offset}: size ${size}, with ${bytes.length - offset} bytes there`);
    }
    this.data = bytes;
    this.start = offset;
    this.size = size;
    return this;
  }

  /** Moves to the batch that follows; false when the bytes end here. Throws as `moveTo` does. */
  next(): boolean {
    const offset = this.start + this.size;
    if (offset >= this.data.length) return false;
    this.moveTo(this.data, offset);
    return true;
  }

  /** The array that the view was placed on. */
  get buffer(): Uint8Array {
    return this.data;
  }
  /** Where the batch starts in `buffer`. */
  get offset(): number {
    return this.start;
  }
  /** The whole batch, with its 12 bytes of overhead. */
  get sizeBytes(): number {
    return this.size;
  }
  get bytes(): Uint8Array {
    return this.data.subarray(this.start, this.start + this.size);
  }
  /** The records section as it is stored: compressed when `compression` is not 0. */
  get recordsBytes(): Uint8Array {
    return this.data.subarray(this.start + BATCH_HEADER_BYTES, this.start + this.size);
  }

  get baseOffset(): number {
    return readInt64(this.data, this.start + BatchField.baseOffset);
  }
  get partitionLeaderEpoch(): number {
    return readInt32(this.data, this.start + BatchField.partitionLeaderEpoch);
  }
  get magic(): number {
    return readInt8(this.data, this.start + BatchField.magic);
  }
  get crc(): number {
    return readUint32(this.data, this.start + BatchField.crc);
  }
  get attributes(): number {
    return readInt16(this.data, this.start + BatchField.attributes);
  }
  /** The codec's id, 0 to 7: see CompressionType; 5 to 7 mean nothing. */
  get compression(): number {
    return this.attributes & BatchAttribute.compressionMask;
  }
  get timestampType(): TimestampType {
    return this.attributes & BatchAttribute.logAppendTime ? TimestampType.logAppendTime : TimestampType.createTime;
  }
  get isTransactional(): boolean {
    return (this.attributes & BatchAttribute.transactional) !== 0;
  }
  get isControl(): boolean {
    return (this.attributes & BatchAttribute.control) !== 0;
  }
  /** `baseTimestamp` is then the time from which tombstones and markers may go. (KIP-534) */
  get hasDeleteHorizon(): boolean {
    return (this.attributes & BatchAttribute.deleteHorizon) !== 0;
  }
  get lastOffsetDelta(): number {
    return readInt32(this.data, this.start + BatchField.lastOffsetDelta);
  }
  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta;
  }
  get nextOffset(): number {
    return this.lastOffset + 1;
  }
  get baseTimestamp(): number {
    return readInt64(this.data, this.start + BatchField.baseTimestamp);
  }
  get maxTimestamp(): number {
    return readInt64(this.data, this.start + BatchField.maxTimestamp);
  }
  get producerId(): number {
    return readInt64(this.data, this.start + BatchField.producerId);
  }
  get producerEpoch(): number {
    return readInt16(this.data, this.start + BatchField.producerEpoch);
  }
  get baseSequence(): number {
    return readInt32(this.data, this.start + BatchField.baseSequence);
  }
  /** -1 when the batch has no sequence. */
  get lastSequence(): number {
    const first = this.baseSequence;
    return first === NO_SEQUENCE ? NO_SEQUENCE : incrementSequence(first, this.lastOffsetDelta);
  }
  /** As the header says; nothing has counted them. */
  get recordsCount(): number {
    return readInt32(this.data, this.start + BatchField.recordsCount);
  }

  setBaseOffset(offset: number): void {
    writeInt64(this.data, this.start + BatchField.baseOffset, offset);
  }

  setPartitionLeaderEpoch(epoch: number): void {
    writeInt32(this.data, this.start + BatchField.partitionLeaderEpoch, epoch);
  }

  /** Sets the timestamp type and the maximum; the checksum is recomputed only when one of them changes. */
  setTimestamps(type: TimestampType, maxTimestampMs: number, crc32c: Crc32c): void {
    if (this.timestampType === type && this.maxTimestamp === maxTimestampMs) return;
    const kept = this.attributes & ~BatchAttribute.logAppendTime;
    const bit = type === TimestampType.logAppendTime ? BatchAttribute.logAppendTime : 0;
    writeInt16(this.data, this.start + BatchField.attributes, kept | bit);
    writeInt64(this.data, this.start + BatchField.maxTimestamp, maxTimestampMs);
    this.updateCrc(crc32c);
  }

  updateCrc(crc32c: Crc32c): void {
    writeInt32(this.data, this.start + BatchField.crc, this.computeCrc(crc32c));
  }

  isCrcValid(crc32c: Crc32c): boolean {
    return this.crc === this.computeCrc(crc32c);
  }

  private computeCrc(crc32c: Crc32c): number {
    return crc32c(this.data.subarray(this.start + BatchField.attributes, this.start + this.size));
  }
}
