/** Record 2 of a classic group: written from its state, and read back into a group. Pure. */

import { ClassicGroup } from './classic-group';
import { ClassicMember, NO_BYTES } from './classic-member';
import type { GroupMetadataRecord, StoredClassicGroup, StoredClassicMember } from './group-records';

/**
 * The group as it is, with `assignments` by member id: they may not be the members' yet. Subscriptions are those of the
 * selected protocol alone.
 */
export function groupRecord(group: ClassicGroup, assignments: ReadonlyMap<string, Uint8Array>): GroupMetadataRecord {
  const members = [...group.members.values()].map((member): StoredClassicMember => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    sessionTimeoutMs: member.sessionTimeoutMs,
    subscription: member.metadataOf(group.protocolName),
    assignment: assignments.get(member.memberId) ?? NO_BYTES,
  }));
  return {
    kind: 'groupMetadata',
    groupId: group.groupId,
    value: {
      protocolType: group.protocolType ?? '',
      generationId: group.generationId,
      protocolName: group.protocolName,
      leaderId: group.leaderId,
      currentStateTimestampMs: group.currentStateTimestampMs ?? -1,
      members,
    },
  };
}

/** What makes a group exist that nobody has joined yet: generation 0, no members. */
export function newGroupRecord(group: ClassicGroup): GroupMetadataRecord {
  return {
    kind: 'groupMetadata',
    groupId: group.groupId,
    value: {
      protocolType: '',
      generationId: 0,
      protocolName: null,
      leaderId: null,
      currentStateTimestampMs: group.currentStateTimestampMs ?? -1,
      members: [],
    },
  };
}

export function currentAssignments(group: ClassicGroup): ReadonlyMap<string, Uint8Array> {
  return new Map([...group.members.values()].map((member) => [member.memberId, member.assignment]));
}

/** Stable if it has members, at the generation that the record names, else Empty. */
export function groupFromRecord(groupId: string, stored: StoredClassicGroup): ClassicGroup {
  const group = new ClassicGroup(groupId, {
    state: stored.members.length > 0 ? 'Stable' : 'Empty',
    generationId: stored.generationId,
    protocolType: stored.protocolType === '' ? null : stored.protocolType,
    protocolName: stored.protocolName,
    leaderId: stored.leaderId,
    currentStateTimestampMs: stored.currentStateTimestampMs === -1 ? null : stored.currentStateTimestampMs,
  });
  for (const member of stored.members) {
    if (group.members.has(member.memberId)) continue;
    group.add(memberFromRecord(member, stored), stored.protocolType, null);
  }
  group.updateSubscribedTopics();
  return group;
}

function memberFromRecord(stored: StoredClassicMember, group: StoredClassicGroup): ClassicMember {
  const { sessionTimeoutMs } = stored;
  const rebalanceTimeoutMs = stored.rebalanceTimeoutMs === -1 ? sessionTimeoutMs : stored.rebalanceTimeoutMs;
  const protocols = [{ name: group.protocolName ?? '', metadata: stored.subscription.slice() }];
  const member = new ClassicMember(stored, { rebalanceTimeoutMs, sessionTimeoutMs }, protocols);
  member.assignment = stored.assignment.slice();
  return member;
}
