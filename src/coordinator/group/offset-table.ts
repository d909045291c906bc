/**
 * Offsets by (owner, topic, partition) in typed arrays: a million of them are a few hundred objects to the garbage collector.
 * The owner is a group id, or whatever else commits. Pure.
 *
 * A row is 18 words: four doubles and ten integers, side by side, so that a lookup touches one or two cache lines. Rows lie in
 * pages that never move; the hash grows bucket by bucket. Nothing here ever takes longer because the table is large.
 *
 * Invariants: a used row is in exactly one hash chain and in the list of its owner; a free row has owner -1 and is in the list
 * of free rows; an owner number is known as long as it has rows.
 */

import { ZERO_UUID } from '../../../wire/base/uuid';
import type { CommittedOffset } from './group-records';
import { HashDirectory } from './hash-directory';
import { StringPool } from './string-pool';

const PAGE_BITS = 12;
const PAGE_ROWS = 1 << PAGE_BITS;
const FIRST_PAGE_ROWS = 16;
const ROW_DOUBLES = 9;
const ROW_INTS = 18;

/** Doubles of a row, by their place in the row's doubles. */
const OFFSET = 0;
const COMMIT_TIMESTAMP = 1;
const EXPIRE_TIMESTAMP = 2;
const RECORD_OFFSET = 3;
/** Integers of a row: the first eight places are the doubles. */
const OWNER = 8;
const TOPIC = 9;
const PARTITION = 10;
const LEADER_EPOCH = 11;
const TOPIC_ID = 12;
const HASH = 13;
const CHAIN_NEXT = 14;
const OWNER_NEXT = 15;
const OWNER_PREVIOUS = 16;

interface Page {
  readonly doubles: Float64Array;
  readonly ints: Int32Array;
  /** Mostly '', which costs a pointer. */
  readonly metadata: string[];
}

/** A committed offset and where in the log it came from. */
export interface StoredOffset extends CommittedOffset {
  readonly recordOffset: number;
}

export class OffsetTable {
  private readonly pages: Page[] = [];
  private readonly directory = new HashDirectory();
  private readonly owners = new StringPool();
  private readonly ownerHeads: number[] = [];
  private readonly ownerCounts: number[] = [];
  private readonly topics = new StringPool();
  private readonly topicIds = new StringPool();
  private rows = 0;
  private freeRow = -1;
  private used = 0;
  private lastMetadata = '';

  constructor() {
    this.topicIds.acquire(ZERO_UUID);
  }

  get size(): number {
    return this.used;
  }

  /** Rows that exist, used or free: the bound of a scan from 0. */
  get rowCount(): number {
    return this.rows;
  }

  countOf(owner: string): number {
    const number = this.owners.find(owner);
    return number < 0 ? 0 : (this.ownerCounts[number] ?? 0);
  }

  /** The row, or -1. */
  find(owner: string, topic: string, partition: number): number {
    const ownerNumber = this.owners.find(owner);
    if (ownerNumber < 0) return -1;
    const topicNumber = this.topics.find(topic);
    return topicNumber < 0 ? -1 : this.findRow(ownerNumber, topicNumber, partition);
  }

  /** `recordOffset` is where in the log the value came from. */
  put(owner: string, topic: string, partition: number, value: CommittedOffset, recordOffset: number): void {
    const known = this.find(owner, topic, partition);
    this.fill(known < 0 ? this.insert(owner, topic, partition) : known, value, recordOffset);
  }

  remove(row: number): void {
    this.unchain(row);
    this.unlinkFromOwner(row);
    this.topics.release(this.int(row, TOPIC));
    this.releaseTopicId(this.int(row, TOPIC_ID));
    this.page(row).metadata[row & (PAGE_ROWS - 1)] = '';
    this.setInt(row, OWNER, -1);
    this.setInt(row, OWNER_NEXT, this.freeRow);
    this.freeRow = row;
    this.used--;
  }

  isUsed(row: number): boolean {
    return this.int(row, OWNER) >= 0;
  }

  /** The owner's rows follow each other by `nextOf`; -1 ends. */
  firstOf(owner: string): number {
    const number = this.owners.find(owner);
    return number < 0 ? -1 : (this.ownerHeads[number] ?? -1);
  }

  nextOf(row: number): number {
    return this.int(row, OWNER_NEXT);
  }

  ownerOf(row: number): string {
    return this.owners.text(this.int(row, OWNER));
  }

  /** Equal numbers, equal owners, as long as the owner has rows. */
  ownerNumberOf(row: number): number {
    return this.int(row, OWNER);
  }

  topicOf(row: number): string {
    return this.topics.text(this.int(row, TOPIC));
  }

  /** As `ownerNumberOf`, for topics. */
  topicNumberOf(row: number): number {
    return this.int(row, TOPIC);
  }

  topicNumber(topic: string): number {
    return this.topics.find(topic);
  }

  partitionOf(row: number): number {
    return this.int(row, PARTITION);
  }

  offsetOf(row: number): number {
    return this.double(row, OFFSET);
  }

  leaderEpochOf(row: number): number {
    return this.int(row, LEADER_EPOCH);
  }

  metadataOf(row: number): string {
    return this.page(row).metadata[row & (PAGE_ROWS - 1)] ?? '';
  }

  commitTimestampOf(row: number): number {
    return this.double(row, COMMIT_TIMESTAMP);
  }

  expireTimestampOf(row: number): number {
    return this.double(row, EXPIRE_TIMESTAMP);
  }

  topicIdOf(row: number): string {
    return this.topicIds.text(this.int(row, TOPIC_ID));
  }

  recordOffsetOf(row: number): number {
    return this.double(row, RECORD_OFFSET);
  }

  /** The row as an object, for undo logs and tests. */
  valueOf(row: number): StoredOffset {
    return {
      offset: this.offsetOf(row),
      leaderEpoch: this.leaderEpochOf(row),
      metadata: this.metadataOf(row),
      commitTimestampMs: this.commitTimestampOf(row),
      expireTimestampMs: this.expireTimestampOf(row),
      topicId: this.topicIdOf(row),
      recordOffset: this.recordOffsetOf(row),
    };
  }

  private findRow(owner: number, topic: number, partition: number): number {
    const bucket = this.directory.bucketOf(hashOf(owner, topic, partition));
    for (let row = this.directory.head(bucket); row >= 0; row = this.int(row, CHAIN_NEXT)) {
      const { ints } = this.page(row);
      const at = (row & (PAGE_ROWS - 1)) * ROW_INTS;
      if (ints[at + OWNER] === owner && ints[at + TOPIC] === topic && ints[at + PARTITION] === partition) return row;
    }
    return -1;
  }

  private insert(owner: string, topic: string, partition: number): number {
    const row = this.takeRow();
    const ownerNumber = this.owners.acquire(owner);
    const topicNumber = this.topics.acquire(topic);
    const hash = hashOf(ownerNumber, topicNumber, partition);
    const { ints } = this.page(row);
    const at = (row & (PAGE_ROWS - 1)) * ROW_INTS;
    ints[at + OWNER] = ownerNumber;
    ints[at + TOPIC] = topicNumber;
    ints[at + PARTITION] = partition;
    ints[at + HASH] = hash;
    ints[at + TOPIC_ID] = 0;
    this.linkToOwner(row, ownerNumber);
    this.used++;
    if (this.used > this.directory.buckets) this.splitBucket();
    this.chain(row, this.directory.bucketOf(hash));
    return row;
  }

  private fill(row: number, value: CommittedOffset, recordOffset: number): void {
    const { doubles, ints, metadata } = this.page(row);
    const index = row & (PAGE_ROWS - 1);
    const at = index * ROW_DOUBLES;
    doubles[at + OFFSET] = value.offset;
    doubles[at + COMMIT_TIMESTAMP] = value.commitTimestampMs;
    doubles[at + EXPIRE_TIMESTAMP] = value.expireTimestampMs;
    doubles[at + RECORD_OFFSET] = recordOffset;
    ints[index * ROW_INTS + LEADER_EPOCH] = value.leaderEpoch;
    metadata[index] = this.sharedMetadata(value.metadata);
    const oldTopicId = ints[index * ROW_INTS + TOPIC_ID] as number;
    if (this.topicIds.text(oldTopicId) !== value.topicId) this.changeTopicId(row, value.topicId, oldTopicId);
  }

  private changeTopicId(row: number, topicId: string, oldTopicId: number): void {
    this.setInt(row, TOPIC_ID, topicId === ZERO_UUID ? 0 : this.topicIds.acquire(topicId));
    this.releaseTopicId(oldTopicId);
  }

  private releaseTopicId(number: number): void {
    if (number !== 0) this.topicIds.release(number);
  }

  /** Clients often use the same text for all their partitions: one copy of it is enough. */
  private sharedMetadata(metadata: string): string {
    if (metadata === '') return '';
    if (metadata !== this.lastMetadata) this.lastMetadata = metadata;
    return this.lastMetadata;
  }

  private takeRow(): number {
    if (this.freeRow >= 0) {
      const row = this.freeRow;
      this.freeRow = this.int(row, OWNER_NEXT);
      return row;
    }
    const row = this.rows++;
    const index = row >>> PAGE_BITS;
    const page = this.pages[index];
    if (page === undefined) this.pages.push(newPage(index === 0 ? FIRST_PAGE_ROWS : PAGE_ROWS));
    else if (row * ROW_INTS >= page.ints.length && index === 0) this.pages[0] = grownPage(page);
    return row;
  }

  private splitBucket(): void {
    const divided = this.directory.split();
    let row = this.directory.head(divided);
    this.directory.setHead(divided, -1);
    while (row >= 0) {
      const next = this.int(row, CHAIN_NEXT);
      this.chain(row, this.directory.bucketOf(this.int(row, HASH)));
      row = next;
    }
  }

  private chain(row: number, bucket: number): void {
    this.setInt(row, CHAIN_NEXT, this.directory.head(bucket));
    this.directory.setHead(bucket, row);
  }

  private unchain(row: number): void {
    const bucket = this.directory.bucketOf(this.int(row, HASH));
    const next = this.int(row, CHAIN_NEXT);
    let at = this.directory.head(bucket);
    if (at === row) return this.directory.setHead(bucket, next);
    while (this.int(at, CHAIN_NEXT) !== row) at = this.int(at, CHAIN_NEXT);
    this.setInt(at, CHAIN_NEXT, next);
  }

  private linkToOwner(row: number, owner: number): void {
    const count = this.ownerCounts[owner] ?? 0;
    const head = count === 0 ? -1 : (this.ownerHeads[owner] ?? -1);
    this.setInt(row, OWNER_NEXT, head);
    this.setInt(row, OWNER_PREVIOUS, -1);
    if (head >= 0) this.setInt(head, OWNER_PREVIOUS, row);
    this.ownerHeads[owner] = row;
    this.ownerCounts[owner] = count + 1;
  }

  private unlinkFromOwner(row: number): void {
    const owner = this.int(row, OWNER);
    const next = this.int(row, OWNER_NEXT);
    const previous = this.int(row, OWNER_PREVIOUS);
    if (previous >= 0) this.setInt(previous, OWNER_NEXT, next);
    else this.ownerHeads[owner] = next;
    if (next >= 0) this.setInt(next, OWNER_PREVIOUS, previous);
    this.ownerCounts[owner] = (this.ownerCounts[owner] ?? 1) - 1;
    this.owners.release(owner);
  }

  private page(row: number): Page {
    return this.pages[row >>> PAGE_BITS] as Page;
  }

  private int(row: number, field: number): number {
    return this.page(row).ints[(row & (PAGE_ROWS - 1)) * ROW_INTS + field] as number;
  }

  private setInt(row: number, field: number, value: number): void {
    this.page(row).ints[(row & (PAGE_ROWS - 1)) * ROW_INTS + field] = value;
  }

  private double(row: number, field: number): number {
    return this.page(row).doubles[(row & (PAGE_ROWS - 1)) * ROW_DOUBLES + field] as number;
  }
}

function newPage(rows: number): Page {
  const buffer = new ArrayBuffer(rows * ROW_INTS * 4);
  return { doubles: new Float64Array(buffer), ints: new Int32Array(buffer), metadata: [] };
}

/** The first page begins small: most partitions hold few offsets. */
function grownPage(page: Page): Page {
  const larger = newPage((page.ints.length / ROW_INTS) * 2);
  larger.ints.set(page.ints);
  for (const text of page.metadata) larger.metadata.push(text);
  return larger;
}

function hashOf(owner: number, topic: number, partition: number): number {
  let hash = Math.imul(owner, 0x9e3779b1) ^ Math.imul(topic + 1, 0x85ebca6b) ^ Math.imul(partition + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}
