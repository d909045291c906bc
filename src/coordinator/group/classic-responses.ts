/** The responses of classic groups, with Kafka's defaults in what a case does not set. Pure. */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { JoinGroupResponse, SyncGroupResponse } from '../../../wire/schema/group';
import type { ClassicGroup } from './classic-group';
import { NO_BYTES } from './classic-member';
import type { GroupResponse } from './group-requests';

export function joinError(errorCode: number, memberId: string): GroupResponse {
  return {
    kind: 'joinGroup',
    body: {
      throttleTimeMs: 0,
      errorCode,
      generationId: -1,
      protocolType: null,
      protocolName: null,
      leader: '',
      skipAssignment: false,
      memberId,
      members: [],
    },
  };
}

type JoinMembers = JoinGroupResponse['members'];

interface JoinedAs {
  readonly leader?: string | null;
  readonly members?: JoinMembers;
  readonly skipAssignment?: boolean;
  readonly errorCode?: number;
}

/** The present generation, told to `memberId`: as a follower unless `as` has the member list. */
export function joined(group: ClassicGroup, memberId: string, as: JoinedAs = {}): GroupResponse {
  const { leader = group.leaderId, members = [], skipAssignment = false, errorCode = ErrorCode.NONE } = as;
  return {
    kind: 'joinGroup',
    body: {
      throttleTimeMs: 0,
      errorCode,
      generationId: group.generationId,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      leader: leader ?? '',
      skipAssignment,
      memberId,
      members,
    },
  };
}

/** What the leader needs for its assignment: every member with its metadata of the chosen protocol. */
export function membersForLeader(group: ClassicGroup): JoinMembers {
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: member.metadataOf(group.protocolName),
  }));
}

export function syncError(errorCode: number): GroupResponse {
  return { kind: 'syncGroup', body: syncBody(errorCode, null, null, NO_BYTES) };
}

export function synced(group: ClassicGroup, assignment: Uint8Array): GroupResponse {
  return { kind: 'syncGroup', body: syncBody(ErrorCode.NONE, group.protocolType, group.protocolName, assignment) };
}

export function heartbeatResponse(errorCode: number): GroupResponse {
  return { kind: 'heartbeat', body: { throttleTimeMs: 0, errorCode } };
}

function syncBody(
  errorCode: number,
  protocolType: string | null,
  protocolName: string | null,
  assignment: Uint8Array,
): SyncGroupResponse {
  return { throttleTimeMs: 0, errorCode, protocolType, protocolName, assignment };
}
