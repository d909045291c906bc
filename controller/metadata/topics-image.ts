/**
 * Topics by name and id, and their partitions in columns.
 *
 * Invariants: name and id are both unique. A topic's rows are found from the topic alone; nobody keeps a row number over a
 * change, since growing topics move.
 */
import type { PartitionChangeRecord, PartitionRecord, TopicRecord } from '../../wire/schema/metadata-records';
import { mergeChange, registrationOf, type PartitionRegistration } from './partition-registration';
import { PartitionTable } from './partition-table';
import type { RecordedDelta } from './recorded-delta';
import { ReplayError } from './replay-error';
import { Topic } from './topic';

/** The largest partition id that is believed: above it a record is broken rather than a topic large. */
const MAX_PARTITION_ID = 2 ** 20 - 1;

export class TopicsImage {
  private readonly byName = new Map<string, Topic>();
  private readonly byId = new Map<string, Topic>();
  private readonly slots: (Topic | null)[] = [];
  private readonly freeSlots: number[] = [];

  constructor(readonly partitions = new PartitionTable()) {}

  get size(): number {
    return this.byId.size;
  }

  topicByName(name: string): Topic | undefined {
    return this.byName.get(name);
  }

  topicById(id: string): Topic | undefined {
    return this.byId.get(id);
  }

  /** In the order of creation. */
  all(): Iterable<Topic> {
    return this.byId.values();
  }

  /** The partition's row for column reads, or -1. Good until the next change. */
  rowOf(topic: Topic, partitionId: number): number {
    if (partitionId < 0 || partitionId >= topic.partitionsEnd) return -1;
    const row = topic.firstRow + partitionId;
    return this.partitions.has(row) ? row : -1;
  }

  partition(topic: Topic, partitionId: number): PartitionRegistration | null {
    const row = this.rowOf(topic, partitionId);
    return row < 0 ? null : this.partitions.get(row);
  }

  /** Ascending. */
  *partitionIds(topic: Topic): Iterable<number> {
    let left = topic.partitionCount;
    for (let id = 0; left > 0; id++) {
      if (!this.partitions.has(topic.firstRow + id)) continue;
      left -= 1;
      yield id;
    }
  }

  /** Whose row it is. */
  ownerOf(row: number): { readonly topic: Topic; readonly partitionId: number } {
    const topic = this.slots[this.partitions.topicIndex(row)];
    if (topic === null || topic === undefined) throw new ReplayError(`row ${row} belongs to no topic`);
    return { topic, partitionId: row - topic.firstRow };
  }

  addTopic(record: TopicRecord, delta: RecordedDelta | null): void {
    const namesake = this.byName.get(record.name);
    if (namesake !== undefined)
      throw new ReplayError(`TopicRecord for ${record.name}, which exists with id ${namesake.id}`);
    if (this.byId.has(record.topicId)) throw new ReplayError(`TopicRecord with id ${record.topicId}, which exists`);
    const index = this.freeSlots.pop() ?? this.slots.length;
    const topic = new Topic(record.topicId, record.name, index);
    this.slots[index] = topic;
    this.byName.set(topic.name, topic);
    this.byId.set(topic.id, topic);
    delta?.noteTopic(topic, true);
  }

  /** Returns the topic that went. */
  removeTopic(topicId: string, delta: RecordedDelta | null): Topic {
    const topic = this.require(topicId, 'RemoveTopicRecord');
    if (delta !== null) {
      const partitions = new Map<number, PartitionRegistration>();
      for (const id of this.partitionIds(topic)) partitions.set(id, this.partitions.get(topic.firstRow + id));
      delta.noteDeletedTopic(topic, partitions);
    }
    if (topic.rangeLog >= 0) this.partitions.free(topic.firstRow, topic.rangeLog);
    this.slots[topic.index] = null;
    this.freeSlots.push(topic.index);
    this.byName.delete(topic.name);
    this.byId.delete(topic.id);
    return topic;
  }

  addPartition(record: PartitionRecord, delta: RecordedDelta | null): void {
    const topic = this.require(record.topicId, 'PartitionRecord');
    const { partitionId } = record;
    if (partitionId < 0 || partitionId > MAX_PARTITION_ID)
      throw new ReplayError(`PartitionRecord ${topic.name}-${partitionId}`);
    const previous = this.partition(topic, partitionId);
    const registration = registrationOf(record);
    if (partitionId >= topic.partitionsEnd) this.makeRoom(topic, partitionId);
    if (previous === null) topic.partitionCount += 1;
    this.partitions.set(topic.firstRow + partitionId, topic.index, registration);
    delta?.notePartition(topic, partitionId, previous);
  }

  changePartition(record: PartitionChangeRecord, delta: RecordedDelta | null): void {
    const topic = this.require(record.topicId, 'PartitionChangeRecord');
    this.replacePartition(topic, record.partitionId, (previous) => mergeChange(previous, record), delta);
  }

  /** Forgets the eligible and last known leaders of one topic, or of all. (KIP-966) */
  clearElr(topicName: string, delta: RecordedDelta | null): void {
    if (topicName === '') {
      for (const topic of this.all()) this.clearElrOf(topic, delta);
      return;
    }
    const topic = this.byName.get(topicName);
    if (topic === undefined) throw new ReplayError(`ClearElrRecord for ${topicName}, which does not exist`);
    this.clearElrOf(topic, delta);
  }

  /** An image that later changes do not reach, for whoever reads on over several turns. */
  copy(): TopicsImage {
    const copy = new TopicsImage(this.partitions.copy());
    for (const topic of this.byId.values()) {
      const twin = Object.assign(new Topic(topic.id, topic.name, topic.index), {
        firstRow: topic.firstRow,
        rangeLog: topic.rangeLog,
        partitionCount: topic.partitionCount,
      });
      copy.byId.set(twin.id, twin);
      copy.byName.set(twin.name, twin);
      copy.slots[twin.index] = twin;
    }
    return copy;
  }

  private clearElrOf(topic: Topic, delta: RecordedDelta | null): void {
    for (const id of this.partitionIds(topic)) {
      const row = topic.firstRow + id;
      if (this.partitions.elr(row).length === 0 && this.partitions.lastKnownElr(row).length === 0) continue;
      const cleared = (previous: PartitionRegistration): PartitionRegistration => ({
        ...previous,
        elr: [],
        lastKnownElr: [],
        partitionEpoch: previous.partitionEpoch + 1,
      });
      this.replacePartition(topic, id, cleared, delta);
    }
  }

  private replacePartition(
    topic: Topic,
    partitionId: number,
    change: (previous: PartitionRegistration) => PartitionRegistration,
    delta: RecordedDelta | null,
  ): void {
    const previous = this.partition(topic, partitionId);
    if (previous === null)
      throw new ReplayError(`a change of partition ${topic.name}-${partitionId}, which does not exist`);
    this.partitions.set(topic.firstRow + partitionId, topic.index, change(previous));
    delta?.notePartition(topic, partitionId, previous);
  }

  private makeRoom(topic: Topic, partitionId: number): void {
    const log = Math.ceil(Math.log2(partitionId + 1));
    const first = this.partitions.allocate(log);
    if (topic.rangeLog >= 0) {
      this.partitions.move(topic.firstRow, first, topic.partitionsEnd);
      this.partitions.free(topic.firstRow, topic.rangeLog);
    }
    topic.firstRow = first;
    topic.rangeLog = log;
  }

  private require(topicId: string, what: string): Topic {
    const topic = this.byId.get(topicId);
    if (topic === undefined) throw new ReplayError(`${what} for topic id ${topicId}, which does not exist`);
    return topic;
  }
}
