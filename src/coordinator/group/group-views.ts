/** DescribeGroups and ListGroups: views of soft state, so they show it as it is. Pure. */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { ClassicGroup } from './classic-group';
import { NO_BYTES } from './classic-member';
import type { DescribedGroup, ListedGroup } from './group-requests';
import type { GroupScope } from './group-scope';

/** From this version on a group that is not there is an error, no state (KIP-1043). */
const NOT_FOUND_VERSION = 6;
const NO_AUTHORIZED_OPERATIONS = -2147483648;

/** Groups of other types count as not there. */
export function describeGroups(
  scope: GroupScope,
  groupIds: readonly string[],
  apiVersion: number,
): readonly DescribedGroup[] {
  return groupIds.map((groupId) => {
    const group = scope.groups.classic(groupId);
    return group === null ? notFound(groupId, apiVersion) : describe(group);
  });
}

export function listGroups(
  scope: GroupScope,
  statesFilter: readonly string[],
  typesFilter: readonly string[],
): readonly ListedGroup[] {
  const states = new Set(statesFilter.map(normalized));
  const types = new Set(typesFilter.map(normalized));
  const groups: ListedGroup[] = [];
  for (const group of scope.groups.all()) {
    if (states.size > 0 && !states.has(group.stateName.toLowerCase())) continue;
    if (types.size > 0 && !types.has(group.type)) continue;
    groups.push({
      groupId: group.groupId,
      protocolType: group.listedProtocolType,
      groupState: group.stateName,
      groupType: group.type,
    });
  }
  return groups;
}

function normalized(text: string): string {
  return text.trim().toLowerCase();
}

/** Metadata belongs to a protocol that is settled: only a stable group shows it. */
function describe(group: ClassicGroup): DescribedGroup {
  const isStable = group.state === 'Stable';
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? member.metadataOf(group.protocolName) : NO_BYTES,
      memberAssignment: member.assignment,
    })),
    authorizedOperations: NO_AUTHORIZED_OPERATIONS,
  };
}

function notFound(groupId: string, apiVersion: number): DescribedGroup {
  const isError = apiVersion >= NOT_FOUND_VERSION;
  return {
    errorCode: isError ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE,
    errorMessage: isError ? `Group ${groupId} not found.` : null,
    groupId,
    groupState: 'Dead',
    protocolType: '',
    protocolData: '',
    members: [],
    authorizedOperations: NO_AUTHORIZED_OPERATIONS,
  };
}
