/**
 * The metadata that is surely committed, replayed from the platters of the voters, with every change looked at on the way.
 *
 * Everything is kept from the first record on, also what the nodes have long cut off behind snapshots: so that a snapshot can
 * be held against a replay (I17), and a new leader's log against what is committed (I15).
 */

import { readControlRecords } from '../../../../controller/raft/control-batches';
import { ConfigResourceType } from '../../../../controller/metadata/config-resource';
import { MetadataImage } from '../../../../controller/metadata/image';
import { mergeChange, registrationOf } from '../../../../controller/metadata/partition-registration';
import type { MetadataRecord } from '../../../../controller/metadata/records';
import { decodeMetadataRecord } from '../../../../controller/metadata/records';
import { TransactionBuffer } from '../../../../controller/metadata/transaction-buffer';
import { BatchView } from '../../../../wire/record/batch';
import { decodeRecords } from '../../../../wire/record/records';
import { committedEnd } from './checkers/committed-end';
import type { VoterLog } from './checkers/committed-end';
import type { PartitionChange } from './checkers/partition-history';
import { forgotten, objectionTo, stepsOf } from './checkers/partition-history';
import { METADATA_DIRECTORY, MIN_ISR } from './cluster-config';
import type { DiskBatch } from './disk-batches';
import { DiskBatches } from './disk-batches';
import type { SimCluster, SimNode } from './sim-cluster';

export interface MetadataWatcher {
  count(counter: string): void;
  violate(what: string): void;
  /** A config of a topic was set. */
  configured(topic: string, name: string, value: string | null): void;
}

export class CommittedMetadata {
  readonly image = new MetadataImage();
  /** Everything committed, in order, from offset 0 on. */
  readonly batches: DiskBatch[] = [];
  private transaction = new TransactionBuffer();
  /** Directory ids of the voters, by node; null before the log has said. */
  private voters: ReadonlyMap<number, string> | null = null;
  private readonly logs = new Map<SimNode, DiskBatches>();
  /** Brokers that this batch takes out of an ISR and its ELR, with the partition; and those that it registers. */
  private readonly dropped = new Map<number, string>();
  private readonly registered = new Set<number>();

  constructor(
    private readonly cluster: SimCluster,
    private readonly watcher: MetadataWatcher,
  ) {
    for (const node of cluster.nodes) {
      this.logs.set(node, new DiskBatches(node.host.disk, METADATA_DIRECTORY, 'durable'));
    }
  }

  get end(): number {
    return this.batches.at(-1)?.endOffset ?? 0;
  }

  isVoter(node: SimNode): boolean {
    return this.voters === null || this.voters.get(node.id) === node.directoryId;
  }

  logOf(node: SimNode): VoterLog {
    return { nodeId: node.id, batches: this.logs.get(node)!.read() };
  }

  /**
   * Whether nothing else may be committed: what no majority holds in the newest epoch may have been committed in the one
   * before, and what is known here is then no longer so.
   */
  get isCurrent(): boolean {
    return this.voterLogs().every(({ batches }) => (batches.at(-1)?.endOffset ?? 0) <= this.end);
  }

  private voterLogs(): VoterLog[] {
    return this.cluster.nodes.filter((node) => this.isVoter(node)).map((node) => this.logOf(node));
  }

  /** Takes in what has been committed since. */
  advance(): void {
    const logs = this.voterLogs();
    const majority = Math.floor((this.voters?.size ?? this.cluster.nodes.length) / 2) + 1;
    const end = committedEnd(logs, majority);
    if (end <= this.end) return;
    const newest = Math.max(...logs.map(({ batches }) => batches.at(-1)?.epoch ?? -1));
    const holders = logs.filter(({ batches }) => {
      const last = batches.at(-1);
      return last !== undefined && last.epoch === newest && last.endOffset >= end && (batches[0]?.baseOffset ?? 0) <= this.end;
    });
    const [holder] = holders;
    // Everybody has loaded a snapshot of what was never seen here: it will be seen when it is held against the replay.
    if (holder === undefined) return;
    for (const batch of holder.batches) if (batch.baseOffset >= this.end && batch.endOffset <= end) this.apply(batch);
  }

  private apply(batch: DiskBatch): void {
    if (batch.baseOffset !== this.end) this.watcher.violate(`I15 after offset ${this.end - 1} of the committed metadata comes ${batch.baseOffset}`);
    const before = this.batches.at(-1);
    if (before !== undefined && batch.epoch < before.epoch) this.watcher.violate(`I14 the committed metadata goes from epoch ${before.epoch} back to ${batch.epoch} at ${batch.baseOffset}`);
    this.batches.push(batch);
    if (batch.isControl) return this.applyControl(batch);
    for (const record of recordsOf(batch)) this.transaction.feed(record, (one) => this.replay(one));
    // A broker that comes back unclean is taken out in the very write that registers it.
    for (const [id, key] of this.dropped) {
      if (!this.registered.has(id)) this.watcher.violate(`KIP-966 broker ${id} leaves the ISR of ${key}, which is too small then, and is not eligible either`);
    }
    this.dropped.clear();
    this.registered.clear();
  }

  private applyControl(batch: DiskBatch): void {
    for (const record of readControlRecords(new BatchView(batch.bytes))) {
      if (record.type === 'leaderChange') this.watcher.count('controller elected');
      if (record.type !== 'voters') continue;
      if (this.voters !== null) this.watcher.count('voters changed');
      this.voters = new Map(record.voters.voters.map(({ id, directoryId }) => [id, directoryId]));
    }
  }

  private replay(record: MetadataRecord): void {
    const change = this.changeOf(record);
    if (change !== null) {
      const objection = objectionTo(change, this.image);
      if (objection !== null) this.watcher.violate(objection);
      for (const step of stepsOf(change)) this.watcher.count(step);
      for (const id of forgotten(change, MIN_ISR)) this.dropped.set(id, change.key);
    }
    if (record.type === 'BrokerRegistrationChangeRecord' && record.value.fenced !== 0) this.watcher.count(record.value.fenced === 1 ? 'broker fenced' : 'broker unfenced');
    if (record.type === 'RegisterBrokerRecord') this.checkRegistration(record.value.brokerId, record.value.brokerEpoch);
    if (record.type === 'ConfigRecord' && record.value.resourceType === ConfigResourceType.topic) this.watcher.configured(record.value.resourceName, record.value.name, record.value.value);
    this.image.replay(record, null);
  }

  private checkRegistration(id: number, epoch: number): void {
    this.watcher.count('broker registered');
    this.registered.add(id);
    const before = this.image.cluster.brokers.get(id);
    if (before !== undefined && epoch < before.epoch) this.watcher.violate(`I14 the epoch of broker ${id} goes from ${before.epoch} back to ${epoch}`);
  }

  private changeOf(record: MetadataRecord): PartitionChange | null {
    if (record.type !== 'PartitionRecord' && record.type !== 'PartitionChangeRecord') return null;
    const topic = this.image.topics.topicById(record.value.topicId);
    if (topic === undefined) return null;
    const key = `${topic.name}-${record.value.partitionId}`;
    const before = this.image.topics.partition(topic, record.value.partitionId);
    if (record.type === 'PartitionRecord') return { key, before, after: registrationOf(record.value) };
    return before === null ? null : { key, before, after: mergeChange(before, record.value) };
  }
}

/** The metadata records of a batch that holds data. */
export function recordsOf(batch: Pick<DiskBatch, 'bytes'>): readonly MetadataRecord[] {
  return decodeRecords(new BatchView(batch.bytes)).map(({ value }) => decodeMetadataRecord(value ?? new Uint8Array(0)));
}
