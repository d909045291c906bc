/**
 * From what a partition should become to the record that makes it so. (KIP-455, KIP-704, KIP-858, KIP-966)
 *
 * In this order: finish a reassignment whose targets are all in the ISR; work out the eligible leaders; elect; bump the
 * leader epoch when a replica has gone; then note what differs. No record when nothing differs.
 *
 * A replica may lead when it is acceptable (its broker is active, its directory online) and in the ISR, or with an empty
 * ISR among the eligible leaders. Directory rule: a replica whose registered directory is not the partition's is not
 * acceptable, the last known leader included, be the election unclean. Once the broker has said where its replica lies now,
 * it is acceptable again, and holds nothing of what it had: so it is not the last known leader any more.
 */
import {
  LeaderRecoveryState,
  NO_LEADER,
  NO_LEADER_CHANGE,
  type PartitionRegistration,
} from '../metadata/partition-registration';
import {
  bumpsLeaderEpochOnIsrShrink,
  partitionChangeRecordVersion,
  supportsDirectoryAssignment,
} from '../metadata/metadata-version';
import { metadataRecord, type MetadataRecord, type RecordValue } from '../metadata/records';

/** 'online': whoever is in sync. 'preferred': the first replica, if it is in sync. 'unclean': anybody, rather than nobody. */
export type Election = 'online' | 'preferred' | 'unclean';

export interface PartitionTarget {
  readonly isr?: readonly number[];
  readonly replicas?: readonly number[];
  readonly removing?: readonly number[];
  readonly adding?: readonly number[];
  readonly leaderRecoveryState?: number;
  /** Whoever leads leads in another epoch, as when a replica has been taken away. */
  readonly beginsLeaderEpoch?: boolean;
  /** Brokers whose last process ended without a clean shutdown: what they hold may lack acknowledged records. */
  readonly uncleanShutdown?: readonly number[];
  /** Broker id to the directory that its replica is in from now on. */
  readonly directories?: ReadonlyMap<number, string>;
  /** A broker whose replica was in a directory that it has not got any more. */
  readonly lostReplica?: number;
}

export interface PartitionChangeContext {
  readonly topicId: string;
  readonly partitionId: number;
  readonly metadataVersion: number;
  readonly isElrEnabled: boolean;
  /** min.insync.replicas, at most the replication factor. */
  readonly minIsr: number;
  readonly election: Election;
  readonly isAcceptable: (brokerId: number) => boolean;
  /** The directory of a replica that is new on the broker. */
  readonly defaultDirectory: (brokerId: number) => string;
}

type ChangeRecord = RecordValue<'PartitionChangeRecord'>;

/** What the partition is to be, as the steps go on. */
interface Plan {
  isr: readonly number[];
  replicas: readonly number[];
  removing: readonly number[];
  adding: readonly number[];
  elr: readonly number[];
  leader: number;
  /** The leader was taken from outside the ISR and the eligible leaders. */
  isUnclean: boolean;
}

/** The record that brings the partition to its target, or null when it is there. */
export function partitionChange(
  partition: PartitionRegistration,
  target: PartitionTarget,
  context: PartitionChangeContext,
): MetadataRecord | null {
  const plan: Plan = {
    isr: target.isr ?? partition.isr,
    replicas: target.replicas ?? partition.replicas,
    removing: target.removing ?? partition.removingReplicas,
    adding: target.adding ?? partition.addingReplicas,
    elr: partition.elr,
    leader: partition.leader,
    isUnclean: false,
  };
  completeReassignment(plan);
  if (context.isElrEnabled) plan.elr = eligibleLeaders(partition, plan, target.uncleanShutdown ?? [], context.minIsr);
  elect(partition, plan, context);
  const change = emptyChange(context);
  noteLeader(change, partition, plan, target);
  noteIsrAndElr(change, partition, plan, context);
  noteLastKnownLeader(change, partition, plan, target, context);
  noteAssignment(change, partition, plan, target, context);
  noteRecoveryState(change, partition, plan, target.leaderRecoveryState);
  if (isNothing(change)) return null;
  return metadataRecord('PartitionChangeRecord', partitionChangeRecordVersion(context.metadataVersion), change);
}

function completeReassignment(plan: Plan): void {
  if (plan.removing.length === 0 && plan.adding.length === 0) return;
  const isr = without(plan.isr, plan.removing);
  const replicas = without(plan.replicas, plan.removing);
  if (isr.length === 0 || replicas.length === 0 || !replicas.every((id) => isr.includes(id))) return;
  Object.assign(plan, { isr, replicas, removing: [], adding: [] });
}

/** Those who left an ISR that is too small now, without having lost anything. (KIP-966) */
function eligibleLeaders(
  partition: PartitionRegistration,
  plan: Plan,
  uncleanShutdown: readonly number[],
  minIsr: number,
): readonly number[] {
  if (plan.isr.length >= minIsr) return [];
  const candidates = [...new Set([...partition.elr, ...partition.isr])];
  return without(candidates, [...plan.isr, ...uncleanShutdown]);
}

function elect(partition: PartitionRegistration, plan: Plan, context: PartitionChangeContext): void {
  const isValid = (id: number): boolean =>
    (plan.isr.includes(id) || (plan.isr.length === 0 && plan.elr.includes(id))) && context.isAcceptable(id);
  const preferred = plan.replicas[0];
  if (context.election === 'preferred' && preferred !== undefined && isValid(preferred)) plan.leader = preferred;
  else if (isValid(partition.leader)) plan.leader = partition.leader;
  else plan.leader = plan.replicas.find(isValid) ?? NO_LEADER;
  if (plan.leader === NO_LEADER) electUnclean(partition, plan, context);
  if (plan.leader !== NO_LEADER && !plan.isUnclean && plan.elr.includes(plan.leader)) {
    plan.isr = [plan.leader];
    plan.elr = without(plan.elr, [plan.leader]);
  }
  if (plan.isUnclean) Object.assign(plan, { isr: [plan.leader], elr: [] });
}

function electUnclean(partition: PartitionRegistration, plan: Plan, context: PartitionChangeContext): void {
  const [lastKnown] = partition.lastKnownElr;
  const isLastKnownAlone = partition.lastKnownElr.length === 1 && plan.isr.length === 0 && plan.elr.length === 0;
  if (context.isElrEnabled && isLastKnownAlone && lastKnown !== undefined && context.isAcceptable(lastKnown)) {
    Object.assign(plan, { leader: lastKnown, isUnclean: true });
    return;
  }
  if (context.election !== 'unclean') return;
  const anybody = plan.replicas.find(context.isAcceptable);
  if (anybody !== undefined) Object.assign(plan, { leader: anybody, isUnclean: true });
}

function emptyChange(context: PartitionChangeContext): ChangeRecord {
  return {
    partitionId: context.partitionId,
    topicId: context.topicId,
    isr: null,
    leader: NO_LEADER_CHANGE,
    replicas: null,
    removingReplicas: null,
    addingReplicas: null,
    leaderRecoveryState: LeaderRecoveryState.noChange,
    directories: null,
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  };
}

/** Naming the leader bumps the leader epoch: a new one, or the same when a replica has been taken away or it asks for that. */
function noteLeader(change: ChangeRecord, partition: PartitionRegistration, plan: Plan, target: PartitionTarget): void {
  const hasLostReplica = !partition.replicas.every((id) => plan.replicas.includes(id));
  const isAsked = target.beginsLeaderEpoch === true;
  if (plan.leader !== partition.leader || hasLostReplica || isAsked) change.leader = plan.leader;
}

function noteIsrAndElr(
  change: ChangeRecord,
  partition: PartitionRegistration,
  plan: Plan,
  context: PartitionChangeContext,
): void {
  // Without ELR the last member stays in the ISR of a partition without leader.
  const mayBeEmpty = context.isElrEnabled || plan.isr.length > 0;
  if (mayBeEmpty && (plan.isUnclean || !sameList(plan.isr, partition.isr))) change.isr = [...plan.isr];
  const elr = context.isElrEnabled ? plan.elr : [];
  if (!sameList(elr, partition.elr)) change.eligibleLeaderReplicas = [...elr];
  const shrinks = change.isr !== null && !partition.isr.every((id) => change.isr?.includes(id) === true);
  if (shrinks && change.leader === NO_LEADER_CHANGE && bumpsLeaderEpochOnIsrShrink(context.metadataVersion)) {
    change.leader = partition.leader;
  }
}

/** Who led last is remembered while nobody leads and the ISR is empty. The field's name promises more than it holds. */
function noteLastKnownLeader(
  change: ChangeRecord,
  partition: PartitionRegistration,
  plan: Plan,
  target: PartitionTarget,
  context: PartitionChangeContext,
): void {
  if (!context.isElrEnabled) return;
  const [lastKnown] = partition.lastKnownElr;
  if (lastKnown !== undefined && lastKnown === target.lostReplica) {
    change.lastKnownElr = [];
    return;
  }
  const isRemembered = partition.lastKnownElr.length === 1 && lastKnown === partition.leader;
  if (change.isr !== null && change.isr.length === 0) {
    if (!isRemembered && partition.leader !== NO_LEADER) change.lastKnownElr = [partition.leader];
    return;
  }
  if (plan.leader !== NO_LEADER && partition.lastKnownElr.length > 0) change.lastKnownElr = [];
}

function noteAssignment(
  change: ChangeRecord,
  partition: PartitionRegistration,
  plan: Plan,
  target: PartitionTarget,
  context: PartitionChangeContext,
): void {
  if (plan.replicas.length > 0 && supportsDirectoryAssignment(context.metadataVersion)) {
    const directories = plan.replicas.map((id) => directoryFor(id, partition, target, context));
    if (!sameList(directories, partition.directories)) change.directories = directories;
  }
  if (plan.replicas.length > 0 && !sameList(plan.replicas, partition.replicas)) change.replicas = [...plan.replicas];
  if (!sameList(plan.removing, partition.removingReplicas)) change.removingReplicas = [...plan.removing];
  if (!sameList(plan.adding, partition.addingReplicas)) change.addingReplicas = [...plan.adding];
}

function directoryFor(
  brokerId: number,
  partition: PartitionRegistration,
  target: PartitionTarget,
  context: PartitionChangeContext,
): string {
  const index = partition.replicas.indexOf(brokerId);
  const present = index < 0 ? undefined : partition.directories[index];
  return target.directories?.get(brokerId) ?? present ?? context.defaultDirectory(brokerId);
}

function noteRecoveryState(
  change: ChangeRecord,
  partition: PartitionRegistration,
  plan: Plan,
  wanted: number | undefined,
): void {
  const state = wanted ?? (plan.isUnclean ? LeaderRecoveryState.recovering : partition.leaderRecoveryState);
  if (state !== partition.leaderRecoveryState) change.leaderRecoveryState = state;
}

function isNothing(change: ChangeRecord): boolean {
  return (
    change.isr === null &&
    change.leader === NO_LEADER_CHANGE &&
    change.replicas === null &&
    change.removingReplicas === null &&
    change.addingReplicas === null &&
    change.leaderRecoveryState === LeaderRecoveryState.noChange &&
    change.directories === null &&
    change.eligibleLeaderReplicas === null &&
    change.lastKnownElr === null
  );
}

export function without(list: readonly number[], gone: readonly number[]): number[] {
  return list.filter((id) => !gone.includes(id));
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((element, index) => element === b[index]);
}
