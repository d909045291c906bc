/**
 * The APIs of classic groups: each hands its request to the group coordinator (KIP-62, KIP-345, KIP-394, KIP-699, KIP-814;
 * the versions' differences are the coordinator's business).
 *
 * Member metadata, assignments and parked requests outlive the frame they came in, so those requests are copied.
 */
import { apis } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import type { Infer } from '../../wire/schema';
import type { CallContext } from '../coordinator/group/coordinator-ports';
import { GROUP_OPERATIONS } from './authorized-operations';
import { handler, type Call } from './handler';

function contextOf(call: Call): CallContext {
  return { clientId: call.clientId, clientHost: call.connection.remoteHost, apiVersion: call.apiVersion };
}

export const joinGroup = handler({
  ...schemasOf('JoinGroup'),
  keepsBytes: true,
  handle: (call, request, respond) => call.services.groups.joinGroup(contextOf(call), request, respond),
});

export const syncGroup = handler({
  ...schemasOf('SyncGroup'),
  keepsBytes: true,
  handle: (call, request, respond) => call.services.groups.syncGroup(contextOf(call), request, respond),
});

export const heartbeat = handler({
  ...schemasOf('Heartbeat'),
  handle: (call, request, respond) => call.services.groups.heartbeat(contextOf(call), request, respond),
});

export const leaveGroup = handler({
  ...schemasOf('LeaveGroup'),
  handle: (call, request, respond) => call.services.groups.leaveGroup(contextOf(call), request, respond),
});

export const offsetCommit = handler({
  ...schemasOf('OffsetCommit'),
  handle: (call, request, respond) => call.services.groups.commitOffsets(contextOf(call), request, respond),
});

export const offsetFetch = handler({
  ...schemasOf('OffsetFetch'),
  handle: (call, request, respond) => call.services.groups.fetchOffsets(contextOf(call), request, respond),
});

export const offsetDelete = handler({
  ...schemasOf('OffsetDelete'),
  handle: (call, request, respond) => call.services.groups.deleteOffsets(contextOf(call), request, respond),
});

export const listGroups = handler({
  ...schemasOf('ListGroups'),
  handle: (call, request, respond) => call.services.groups.listGroups(contextOf(call), request, respond),
});

export const describeGroups = handler({
  ...schemasOf('DescribeGroups'),
  handle(call, request, respond) {
    call.services.groups.describeGroups(contextOf(call), request, (response) =>
      respond(request.includeAuthorizedOperations ? withOperations(response) : response),
    );
  },
});

export const deleteGroups = handler({
  ...schemasOf('DeleteGroups'),
  handle: (call, request, respond) => call.services.groups.deleteGroups(contextOf(call), request, respond),
});

/** KIP-430. */
function withOperations(
  response: Infer<typeof apis.DescribeGroups.response>,
): Infer<typeof apis.DescribeGroups.response> {
  const groups = response.groups.map((group) =>
    group.errorCode === ErrorCode.NONE ? { ...group, authorizedOperations: GROUP_OPERATIONS } : group,
  );
  return { ...response, groups };
}

type GroupApi =
  | 'JoinGroup'
  | 'SyncGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'OffsetDelete'
  | 'ListGroups'
  | 'DescribeGroups'
  | 'DeleteGroups';

function schemasOf<N extends GroupApi>(
  name: N,
): { request: (typeof apis)[N]['request']; response: (typeof apis)[N]['response'] } {
  const { request, response } = apis[name];
  return { request, response };
}
