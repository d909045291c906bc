/**
 * Voters that come and go: asks the leader to add, to remove and to replace them, as an operator would who knows which disks
 * are whole, and checks that a leader changes one voter at a time.
 *
 * A disk is wiped only while its loss is one that the quorum survives: everybody has the same voters, these are committed, and
 * the other disks make a majority. Until the voter is replaced, no other one is removed.
 */
import { loadControlState } from '../../../../controller/raft/control-loader';
import type { ReplicaKey } from '../../../../controller/raft/replica-key';
import { UNKNOWN_DIRECTORY } from '../../../../controller/raft/replica-key';
import type { Voter, VoterSet } from '../../../../controller/raft/voter-set';
import { ErrorCode } from '../../../../wire/base/error-codes';
import { createCrc32c } from '../../crc32c';
import type { SimViolation } from '../../violation';
import type { DurableLog } from './quorum-belief';
import { PORT, type NodeSpec, type QuorumNode } from './quorum-node';

const crc32c = createCrc32c();
const NOTHING: DurableLog = { epochs: new Map(), snapshotEnd: 0 };

export class QuorumMembership {
  /** The directory that is on each node's disk now. */
  private readonly directories = new Map<number, string>();
  /** What disks held that are gone, by their directories. */
  private readonly lost = new Map<string, DurableLog>();
  /** How often each node's disk was replaced. */
  private readonly wipes = new Map<number, number>();
  /** The end of what anybody has ever said is committed: a new leader knows it last. */
  private committedEnd = 0;
  /** What each leader was last seen to lead. */
  private readonly seen = new WeakMap<QuorumNode, VoterSet>();

  constructor(
    first: VoterSet,
    private readonly specs: () => readonly NodeSpec[],
    private readonly violate: (what: string) => SimViolation,
    private readonly count: (counter: string) => void,
  ) {
    for (const { id, directoryId } of first.voters) this.directories.set(id, directoryId);
  }

  started(nodeId: number, directoryId: string): void {
    this.directories.set(nodeId, directoryId);
  }

  /** `log`: what was on the platter, and may have been told to a leader that has not heard it yet. */
  wiped(nodeId: number, log: DurableLog): void {
    this.lost.set(this.directories.get(nodeId) ?? '', log);
    this.directories.delete(nodeId);
    this.wipes.set(nodeId, this.wipesOf(nodeId) + 1);
  }

  wipesOf(nodeId: number): number {
    return this.wipes.get(nodeId) ?? 0;
  }

  /** The voter's own disk is in its node. */
  isWhole({ id, directoryId }: ReplicaKey): boolean {
    return directoryId === UNKNOWN_DIRECTORY || this.directories.get(id) === directoryId;
  }

  /** What the voter's own disk holds, or held when it was lost. */
  durableLog(voter: ReplicaKey, read: (nodeId: number) => DurableLog): DurableLog {
    return this.isWhole(voter) ? read(voter.id) : (this.lost.get(voter.directoryId) ?? NOTHING);
  }

  /** A leader's new voter set differs by one voter from the one that is committed. */
  check(nodeId: number, node: QuorumNode): void {
    const { voters, committedOffset, isLeading } = node.raft;
    this.committedEnd = Math.max(this.committedEnd, committedOffset);
    if (!isLeading || voters === null || this.seen.get(node) === voters) return;
    this.seen.set(node, voters);
    const before = controlOf(node).voterHistory.at(this.committedEnd)?.value;
    if (before === undefined) return;
    const differing = [...without(before, voters), ...without(voters, before)];
    if (differing.length > 1) throw this.violate(`node ${nodeId} goes from the committed voters ${shown(before)} to ${shown(voters)} at once`);
  }

  /** This node joins, or another controller if it is a voter already, and if the leader takes it. */
  add({ raft }: QuorumNode, nodeId: number, ackWhenCommitted: boolean): void {
    const absent = this.specs().filter((spec) => spec.canVote && raft.voters?.find(spec.nodeId) === undefined);
    const spec = absent.find((each) => each.nodeId === nodeId) ?? absent[0];
    const directoryId = this.directories.get(spec?.nodeId ?? 0);
    if (spec === undefined || directoryId === undefined) return;
    const endpoints = [{ name: 'CONTROLLER', host: spec.host, port: PORT }];
    raft.handle({ api: 'addVoter', voter: { id: spec.nodeId, directoryId, endpoints }, ackWhenCommitted }, (answer) => {
      if (answer?.errorCode === ErrorCode.NONE) this.count('voter added');
    });
  }

  /** The voter of this node goes, whoever leads, if those that stay can go on. */
  remove({ raft }: QuorumNode, nodeId: number): void {
    const entry = raft.voters?.find(nodeId);
    if (entry === undefined || raft.voters === null) return;
    if (!raft.voters.voters.every((voter) => voter === entry || this.isWhole(voter))) return;
    const isLeader = raft.nodeId === nodeId;
    const isLost = !this.isWhole(entry);
    raft.handle({ api: 'removeVoter', voter: { id: entry.id, directoryId: entry.directoryId } }, (answer) => {
      if (answer?.errorCode === ErrorCode.NONE) this.count(isLeader ? 'leader removed' : isLost ? 'lost voter removed' : 'voter removed');
    });
  }

  /** Voters whose disks are gone are removed, and their nodes added again. True when there are none. */
  replaceLost(leading: QuorumNode | null): boolean {
    if (leading === null) return false;
    const { voters } = leading.raft;
    const lost = voters?.voters.filter((voter) => !this.isWhole(voter)) ?? [];
    for (const { id } of lost) this.remove(leading, id);
    const absent = this.specs().filter(({ nodeId }) => this.wipesOf(nodeId) > 0 && voters?.find(nodeId) === undefined);
    for (const { nodeId } of lost.length === 0 ? absent : []) this.add(leading, nodeId, true);
    return lost.length + absent.length === 0;
  }

  /** Whether the quorum survives it when this node loses its disk. */
  mayWipe(nodeId: number, leader: QuorumNode, live: readonly QuorumNode[], nodes: number): boolean {
    const { voters, kraftVersion } = leader.raft;
    if (voters === null || kraftVersion < 1 || live.length < nodes || voters.size < 3 || !voters.voters.every((voter) => this.isWhole(voter))) return false;
    if (voters.find(nodeId) === undefined || !live.every(({ raft }) => raft.voters !== null && shown(raft.voters) === shown(voters))) return false;
    return (controlOf(leader).voterHistory.last?.offset ?? -1) < leader.raft.committedOffset;
  }
}

function controlOf({ raftLog, snapshots }: QuorumNode): ReturnType<typeof loadControlState> {
  return loadControlState(raftLog, snapshots, null, crc32c);
}

function without(some: VoterSet, others: VoterSet): readonly Voter[] {
  return some.voters.filter((voter) => others.find(voter.id)?.directoryId !== voter.directoryId);
}

function shown({ voters }: VoterSet): string {
  return voters.map(({ id, directoryId }) => `${id}/${directoryId}`).join(', ');
}
