/**
 * The offsets of one partition's groups: committed ones, and those of transactions that are still open. Pure.
 *
 * Invariants: only replaying records and markers changes it; `openByPartition` counts, for each (group, topic, partition), the
 * producers with a pending offset there; a producer without pending offsets is not in `pending`.
 */

import { ZERO_UUID } from '../../../wire/base/uuid';
import type { UndoLog } from '../undo-log';
import type { CommittedOffset, OffsetCommitRecord } from './group-records';
import { OffsetTable } from './offset-table';

const NO_PRODUCER = -1;

interface PartitionKey {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
}

export class OffsetStore {
  readonly committed = new OffsetTable();
  private readonly pending = new Map<number, OffsetTable>();
  private readonly openByPartition = new OffsetTable();

  /** Some transaction that is still open has an offset of this group. */
  hasOpenTransactions(groupId: string): boolean {
    return this.openByPartition.countOf(groupId) > 0;
  }

  hasPending(groupId: string, topic: string, partition: number): boolean {
    return this.openByPartition.size > 0 && this.openByPartition.find(groupId, topic, partition) >= 0;
  }

  /** The partitions of a group that open transactions have offsets of; `visit` must not change the store. */
  forEachPending(groupId: string, visit: (topic: string, partition: number) => void): void {
    const open = this.openByPartition;
    for (let row = open.firstOf(groupId); row >= 0; row = open.nextOf(row))
      visit(open.topicOf(row), open.partitionOf(row));
  }

  /** All that open transactions have; `visit` must not change the store. */
  forEachPendingOffset(visit: (groupId: string, topic: string, partition: number, topicId: string) => void): void {
    for (const table of this.pending.values()) {
      for (let row = 0; row < table.rowCount; row++) {
        if (table.isUsed(row))
          visit(table.ownerOf(row), table.topicOf(row), table.partitionOf(row), table.topicIdOf(row));
      }
    }
  }

  replay(record: OffsetCommitRecord, recordOffset: number, producerId: number, undo: UndoLog | null): void {
    const { value } = record;
    if (value === null) {
      this.removeCommitted(record, undo);
      this.removeAllPending(record, undo);
    } else if (producerId === NO_PRODUCER) {
      this.putCommitted(record, value, recordOffset, undo);
    } else {
      this.putPending(producerId, record, value, recordOffset, undo);
    }
  }

  /**
   * Ends a transaction. A committed one makes its offsets count, except where a plain commit was written after it: without
   * that rule compaction of the log would change what a load comes to.
   */
  endTransaction(producerId: number, isCommit: boolean, undo: UndoLog | null): void {
    const table = this.pending.get(producerId);
    if (table === undefined) return;
    for (let row = 0; row < table.rowCount; row++) {
      if (!table.isUsed(row)) continue;
      const key = { groupId: table.ownerOf(row), topic: table.topicOf(row), partition: table.partitionOf(row) };
      const value = table.valueOf(row);
      this.removePending(producerId, key, undo);
      if (isCommit && value.recordOffset > this.committedRecordOffset(key)) {
        this.putCommitted(key, value, value.recordOffset, undo);
      }
    }
  }

  private committedRecordOffset(key: PartitionKey): number {
    const row = this.committed.find(key.groupId, key.topic, key.partition);
    return row < 0 ? -1 : this.committed.recordOffsetOf(row);
  }

  private putCommitted(key: PartitionKey, value: CommittedOffset, recordOffset: number, undo: UndoLog | null): void {
    if (undo !== null) this.rememberCommitted(key, undo);
    this.committed.put(key.groupId, key.topic, key.partition, value, recordOffset);
  }

  private removeCommitted(key: PartitionKey, undo: UndoLog | null): void {
    const row = this.committed.find(key.groupId, key.topic, key.partition);
    if (row < 0) return;
    if (undo !== null) this.rememberCommitted(key, undo);
    this.committed.remove(row);
  }

  private putPending(
    producerId: number,
    key: PartitionKey,
    value: CommittedOffset,
    recordOffset: number,
    undo: UndoLog | null,
  ): void {
    let table = this.pending.get(producerId);
    if (table === undefined) {
      table = new OffsetTable();
      this.pending.set(producerId, table);
    }
    const row = table.find(key.groupId, key.topic, key.partition);
    if (row < 0) {
      undo?.push(() => this.removePending(producerId, key, null));
      this.changeOpen(key, 1);
    } else if (undo !== null) {
      // By producer, not by table: that goes when its last row does.
      const before = table.valueOf(row);
      undo.push(() => this.putPending(producerId, key, before, before.recordOffset, null));
    }
    table.put(key.groupId, key.topic, key.partition, value, recordOffset);
  }

  private removePending(producerId: number, key: PartitionKey, undo: UndoLog | null): void {
    const table = this.pending.get(producerId);
    const row = table?.find(key.groupId, key.topic, key.partition) ?? -1;
    if (table === undefined || row < 0) return;
    const value = table.valueOf(row);
    undo?.push(() => this.putPending(producerId, key, value, value.recordOffset, null));
    table.remove(row);
    this.changeOpen(key, -1);
    if (table.size === 0) this.pending.delete(producerId);
  }

  private removeAllPending(key: PartitionKey, undo: UndoLog | null): void {
    if (!this.hasPending(key.groupId, key.topic, key.partition)) return;
    for (const producerId of [...this.pending.keys()]) this.removePending(producerId, key, undo);
  }

  /** The count lies in the offset's column. */
  private changeOpen(key: PartitionKey, by: number): void {
    const open = this.openByPartition;
    const row = open.find(key.groupId, key.topic, key.partition);
    const count = (row < 0 ? 0 : open.offsetOf(row)) + by;
    if (count === 0) open.remove(row);
    else open.put(key.groupId, key.topic, key.partition, { ...COUNTER, offset: count }, -1);
  }

  private rememberCommitted(key: PartitionKey, undo: UndoLog): void {
    const table = this.committed;
    const { groupId, topic, partition } = key;
    const row = table.find(groupId, topic, partition);
    const before = row < 0 ? null : table.valueOf(row);
    undo.push(() => {
      if (before !== null) return table.put(groupId, topic, partition, before, before.recordOffset);
      const added = table.find(groupId, topic, partition);
      if (added >= 0) table.remove(added);
    });
  }
}

const COUNTER: CommittedOffset = {
  offset: 0,
  leaderEpoch: -1,
  metadata: '',
  commitTimestampMs: 0,
  expireTimestampMs: -1,
  topicId: ZERO_UUID,
};
