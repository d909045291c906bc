/**
 * Looks at the platters of all nodes from time to time, and holds them against what the clients know and what is committed.
 * The checks themselves are in `checkers/`; what is here finds them something to check.
 */

import { directoryOf } from '../../../../controller/metadata/partition-registration';
import type { PartitionRegistration } from '../../../../controller/metadata/partition-registration';
import { parseSnapshotFileName } from '../../../../controller/raft/snapshots';
import type { SimRandom } from '../../random';
import { missingFrom } from './checkers/committed-end';
import { memberObjection, membersOf } from './checkers/isr-members';
import type { MemberEnd } from './checkers/isr-members';
import { advanceObjection, beliefObjection } from './checkers/leader-belief';
import type { LeaderBelief } from './checkers/leader-belief';
import { LeaderChecker } from './checkers/leaders';
import { mismatch } from './checkers/log-matching';
import { RegisterChecker } from './checkers/registers';
import { snapshotObjection } from './checkers/snapshot-replay';
import { VoteChecker } from './checkers/votes';
import type { ClusterGhost } from './cluster-ghost';
import { partitionKey } from './cluster-ghost';
import { DATA_DIRECTORY, METADATA_DIRECTORY, MIN_ISR } from './cluster-config';
import { REGISTER_CONFIG } from './cluster-registrar';
import { CommittedMetadata } from './committed-metadata';
import { DiskBatches } from './disk-batches';
import { LeaderWatch } from './leader-watch';
import type { WatchedPartition } from './leader-watch';
import type { SimCluster, SimNode } from './sim-cluster';
import { electionStateOn } from './wire-tap';

const METADATA_KEY = '__cluster_metadata-0';

export class ClusterWatch {
  readonly committed: CommittedMetadata;
  readonly votes: VoteChecker;
  readonly leaders: LeaderChecker;
  readonly registers: RegisterChecker;
  private readonly replicas: LeaderWatch;
  private readonly logs = new Map<string, DiskBatches>();
  private readonly checkedSnapshots = new Set<string>();
  private checkedEpoch = -1;
  /** Of each node, at the last look. */
  private readonly livesBefore = new Map<number, number>();
  /** Nodes whose disk lost acknowledged records, with the broker epoch that the controller knew them by then. */
  private readonly excused = new Map<number, number>();

  constructor(
    private readonly cluster: SimCluster,
    private readonly ghost: ClusterGhost,
    private readonly random: SimRandom,
    private readonly count: (counter: string) => void,
  ) {
    const violate = (what: string): void => ghost.violate(what);
    this.votes = new VoteChecker(violate);
    this.leaders = new LeaderChecker(violate);
    this.registers = new RegisterChecker(violate, () => {
      this.committed.advance();
      return this.committed.isCurrent;
    });
    const configured = (topic: string, name: string, value: string | null): void => {
      if (name === REGISTER_CONFIG && value !== null) this.registers.committed(topic, value);
    };
    this.committed = new CommittedMetadata(cluster, { count, violate, configured });
    this.replicas = new LeaderWatch((brokerId, partition) => this.advanced(brokerId, partition));
  }

  close(): void {
    this.replicas.close();
  }

  /** The quorum's leader of the newest epoch that anybody knows of; null before the first. */
  get controllerId(): number | null {
    const epochs = [...this.votes.leaderOfEpoch.keys()];
    return epochs.length === 0 ? null : (this.votes.leaderOfEpoch.get(Math.max(...epochs)) ?? null);
  }

  /** Its disk has lost what it had acknowledged: the controller does not know it yet. */
  excuse(nodeId: number): void {
    this.committed.advance();
    this.excused.set(nodeId, this.committed.image.cluster.brokers.get(nodeId)?.epoch ?? -1);
  }

  get hasExcused(): boolean {
    return [...this.excused.keys()].some((id) => this.isExcused(id));
  }

  /**
   * Whether somebody would be missed: a disk's loss that the controller does not know yet, or a replaced disk of which it does
   * not know what lies there. It elects nobody whose replica it believes to be elsewhere.
   */
  get isAwaiting(): boolean {
    const replaced = this.cluster.nodes.filter(({ wipes }) => wipes > 0);
    const isUnknown = (registration: PartitionRegistration, { id, directoryId }: SimNode): boolean =>
      registration.replicas.includes(id) && directoryOf(registration, id) !== directoryId;
    return this.hasExcused || [...this.partitions()].some(({ registration }) => replaced.some((node) => isUnknown(registration, node)));
  }

  *partitions(): Generator<{ readonly key: string; readonly topic: string; readonly partition: number; readonly registration: PartitionRegistration }> {
    const { topics } = this.committed.image;
    for (const topic of topics.all()) {
      for (const partition of topics.partitionIds(topic)) {
        const registration = topics.partition(topic, partition);
        if (registration !== null) yield { key: partitionKey(topic.name, partition), topic: topic.name, partition, registration };
      }
    }
  }

  sample(): void {
    this.committed.advance();
    for (const node of this.cluster.nodes) this.sampleQuorum(node);
    this.checkNewestLeader();
    for (const { id, lives } of this.cluster.nodes) this.livesBefore.set(id, lives);
    for (const { brokerId, partition } of this.replicas.leading()) this.checkBelief(brokerId, partition);
    const all = [...this.partitions()];
    const { isCurrent } = this.committed;
    for (const { key, registration } of all) {
      if (registration.leader >= 0) this.leaders.saw(key, registration.leaderEpoch, registration.leader);
      if (isCurrent) this.checkMembers(key, registration);
    }
    if (isCurrent && all.length > 0) this.count('members checked');
    if (all.length > 0) this.checkMatching(this.random.pick(all).key);
  }

  /** Everything that `sample` looks at only in parts. */
  sampleAll(): void {
    this.sample();
    for (const { key } of this.partitions()) this.checkMatching(key);
  }

  /** I8: the segment's file is about to be cut, by a replica that follows its leader, or by one that recovers. */
  cutting(node: SimNode, directory: string, baseOffset: number, sizeBytes: number): void {
    const what = directory.startsWith('__cluster_metadata') ? 'metadata truncation' : 'truncation';
    this.count(node.isServing ? what : `${what} at start`);
    const content = node.host.disk.currentContent(`${DATA_DIRECTORY}/${directory}/${String(baseOffset).padStart(20, '0')}.log`);
    const [first] = DiskBatches.batchesIn((content ?? new Uint8Array(0)).subarray(sizeBytes));
    const committedEnd = this.ghost.trueEnd(directory);
    if (first === undefined || first.baseOffset >= committedEnd || this.isExcused(node.id)) return;
    this.committed.advance();
    if (!this.committed.isCurrent) return;
    const partition = [...this.partitions()].find(({ key }) => key === directory);
    if (partition === undefined || !membersOf(partition.registration).includes(node.id)) return;
    this.ghost.violate(`I8 node ${node.id}, of the ISR of ${directory}, cuts its log to ${first.baseOffset}, and ${committedEnd} was committed`);
  }

  /** The process of a node has ended. */
  ended(nodeId: number): void {
    this.replicas.forget(nodeId);
  }

  /** A leader has moved its high watermark. */
  private advanced(brokerId: number, partition: WatchedPartition): void {
    if (!this.cluster.isRunning(brokerId)) return;
    this.committed.advance();
    this.checkBelief(brokerId, partition);
    const { key, core, log } = partition;
    const registration = this.registrationOf(key);
    if (registration === null) return;
    const objection = advanceObjection(key, beliefOf(brokerId, core), log.highWatermark, registration, this.endsOf(key, registration));
    if (objection !== null) this.ghost.violate(objection);
    this.count('high watermark moved');
    this.ghost.advanced(key, log.highWatermark);
  }

  /** I5. */
  private checkBelief(brokerId: number, { key, core }: WatchedPartition): void {
    const registration = this.registrationOf(key);
    if (registration === null || !this.cluster.isRunning(brokerId)) return;
    this.count('leader looked into');
    const objection = beliefObjection(key, beliefOf(brokerId, core), registration, MIN_ISR);
    if (objection !== null) this.ghost.violate(objection);
  }

  private registrationOf(key: string): PartitionRegistration | null {
    const at = key.lastIndexOf('-');
    const { topics } = this.committed.image;
    const topic = topics.topicByName(key.slice(0, at));
    return topic === undefined ? null : topics.partition(topic, Number(key.slice(at + 1)));
  }

  private endsOf(key: string, registration: PartitionRegistration): readonly MemberEnd[] {
    const members = this.cluster.nodes.filter(({ id }) => membersOf(registration).includes(id) && !this.isExcused(id));
    return members.map((node) => ({ nodeId: node.id, endOffset: this.logOf(node, key).endOffset() }));
  }

  logOf(node: SimNode, key: string): DiskBatches {
    const place = `${node.id}/${key}`;
    const known = this.logs.get(place) ?? new DiskBatches(node.host.disk, `${DATA_DIRECTORY}/${key}`, 'current');
    this.logs.set(place, known);
    return known;
  }

  private sampleQuorum(node: SimNode): void {
    const state = electionStateOn(node.host.disk, 'durable');
    if (state !== null) this.votes.sawState({ nodeId: node.id, directoryId: node.directoryId }, state);
    for (const name of node.host.disk.names(METADATA_DIRECTORY, 'durable') ?? []) this.checkSnapshot(node, name);
  }

  /** I17. A snapshot ends where something is committed; what is not known to be committed yet waits for the next look. */
  private checkSnapshot(node: SimNode, name: string): void {
    const id = parseSnapshotFileName(name);
    const place = `${node.id}/${node.wipes}/${name}`;
    if (id === null || id.offset === 0 || id.offset > this.committed.end || this.checkedSnapshots.has(place)) return;
    this.checkedSnapshots.add(place);
    const content = node.host.disk.durableContent(`${METADATA_DIRECTORY}/${name}`);
    if (content === null) return;
    this.count('snapshot checked');
    const objection = snapshotObjection(content, id.offset, this.committed.batches);
    if (objection !== null) this.ghost.violate(`I17 snapshot ${name} of node ${node.id}: ${objection}`);
  }

  /** I15: whoever leads the quorum has all that is committed. */
  private checkNewestLeader(): void {
    const { leaderOfEpoch } = this.votes;
    const epoch = Math.max(-1, ...leaderOfEpoch.keys());
    const leader = this.cluster.nodes.find(({ id }) => id === leaderOfEpoch.get(epoch));
    if (epoch <= this.checkedEpoch || leader === undefined) return;
    this.checkedEpoch = epoch;
    // One that has died since may have lost what its followers have: it leads no more.
    const isSameLife = this.cluster.isRunning(leader.id) && this.livesBefore.get(leader.id) === leader.lives;
    if (!isSameLife) return;
    const snapshots = (leader.host.disk.names(METADATA_DIRECTORY, 'durable') ?? []).map((name) => parseSnapshotFileName(name)?.offset ?? 0);
    // What followers made durable counts, though its own flush may still be under way.
    const log = { nodeId: leader.id, batches: this.logOf(leader, METADATA_KEY).read() };
    const objection = missingFrom(log, this.committed.batches, Math.max(0, ...snapshots));
    if (objection !== null) this.ghost.violate(`${objection}; it leads in epoch ${epoch}`);
  }

  private checkMembers(key: string, registration: PartitionRegistration): void {
    const committedEnd = this.ghost.trueEnd(key);
    if (committedEnd === 0) return;
    const objection = memberObjection(key, registration, this.endsOf(key, registration), committedEnd);
    if (objection !== null) this.ghost.violate(objection);
  }

  private checkMatching(key: string): void {
    const replicas = this.cluster.nodes.map((node) => ({ nodeId: node.id, batches: this.logOf(node, key).read() }));
    const objection = mismatch(key, replicas);
    if (objection !== null) this.ghost.violate(objection);
    for (const { host } of this.cluster.nodes) {
      const segments = (host.disk.names(`${DATA_DIRECTORY}/${key}`, 'current') ?? []).filter((name) => name.endsWith('.log'));
      if (segments.length > 1) this.count('roll');
    }
  }

  private isExcused(nodeId: number): boolean {
    const epoch = this.excused.get(nodeId);
    return epoch !== undefined && epoch === (this.committed.image.cluster.brokers.get(nodeId)?.epoch ?? -1);
  }
}

function beliefOf(brokerId: number, { leaderEpoch, partitionEpoch, maximalIsr, proposal }: WatchedPartition['core']): LeaderBelief {
  return { brokerId, leaderEpoch, partitionEpoch, maximalIsr, hasProposal: proposal !== null };
}
