/**
 * JoinGroup, SyncGroup, Heartbeat and LeaveGroup: what is checked before a shard sees the request, and what differs between
 * versions.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import type {
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../../../wire/schema/group';
import { NO_BYTES } from './classic-member';
import { ALLOWS_EVERYTHING, type CallContext, type Respond } from './coordinator-ports';
import type { GroupConfig } from './group-config';
import { type GroupRuntime, requestContext, submit } from './group-runtime';

/** JoinGroup: before it a null protocol name had no encoding. */
const NULLABLE_PROTOCOL_VERSION = 7;
/** SyncGroup: from it on the protocol has to be named (KIP-559). */
const NAMED_PROTOCOL_VERSION = 5;
/** LeaveGroup: from it on a list of members (KIP-345). */
const LEAVE_LIST_VERSION = 3;

export function joinGroup(
  runtime: GroupRuntime,
  config: GroupConfig,
  context: CallContext,
  request: JoinGroupRequest,
  respond: Respond<JoinGroupResponse>,
): void {
  const answer = (body: JoinGroupResponse): void => {
    const isNameNeeded = context.apiVersion < NULLABLE_PROTOCOL_VERSION && body.protocolName === null;
    respond(isNameNeeded ? { ...body, protocolName: '' } : body);
  };
  const refusal = refusalOf(runtime, context, request.groupId) || sessionRefusal(config, request.sessionTimeoutMs);
  if (refusal !== ErrorCode.NONE) return answer(joinRefused(refusal, request.memberId));
  const partition = runtime.partitionOf(request.groupId);
  submit(runtime, partition, { kind: 'joinGroup', context: requestContext(context), request }, answer, (errorCode) =>
    answer(joinRefused(errorCode, '')),
  );
}

export function syncGroup(
  runtime: GroupRuntime,
  context: CallContext,
  request: SyncGroupRequest,
  respond: Respond<SyncGroupResponse>,
): void {
  const refuse = (errorCode: number): void =>
    respond({ throttleTimeMs: 0, errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES });
  const isUnnamed = request.protocolType === null || request.protocolName === null;
  if (context.apiVersion >= NAMED_PROTOCOL_VERSION && isUnnamed) return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  const refusal = refusalOf(runtime, context, request.groupId);
  if (refusal !== ErrorCode.NONE) return refuse(refusal);
  const partition = runtime.partitionOf(request.groupId);
  submit(runtime, partition, { kind: 'syncGroup', context: requestContext(context), request }, respond, refuse);
}

export function heartbeat(
  runtime: GroupRuntime,
  context: CallContext,
  request: HeartbeatRequest,
  respond: Respond<HeartbeatResponse>,
): void {
  const refuse = (errorCode: number): void => respond({ throttleTimeMs: 0, errorCode });
  const refusal = refusalOf(runtime, context, request.groupId);
  if (refusal !== ErrorCode.NONE) return refuse(refusal);
  const partition = runtime.partitionOf(request.groupId);
  submit(runtime, partition, { kind: 'heartbeat', context: requestContext(context), request }, respond, (errorCode) =>
    // All sessions start anew after a load: the member need not be upset.
    refuse(errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : errorCode),
  );
}

export function leaveGroup(
  runtime: GroupRuntime,
  context: CallContext,
  request: LeaveGroupRequest,
  respond: Respond<LeaveGroupResponse>,
): void {
  const isList = context.apiVersion >= LEAVE_LIST_VERSION;
  const members = isList ? request.members : [{ memberId: request.memberId, groupInstanceId: null, reason: null }];
  const answer = (body: LeaveGroupResponse): void => {
    if (isList || body.errorCode !== ErrorCode.NONE) return respond(body);
    respond({ throttleTimeMs: 0, errorCode: body.members[0]?.errorCode ?? ErrorCode.NONE, members: [] });
  };
  const refuse = (errorCode: number): void => answer({ throttleTimeMs: 0, errorCode, members: [] });
  const refusal = refusalOf(runtime, context, request.groupId);
  if (refusal !== ErrorCode.NONE) return refuse(refusal);
  submit(
    runtime,
    runtime.partitionOf(request.groupId),
    { kind: 'leaveGroup', context: requestContext(context), request: { ...request, members } },
    answer,
    refuse,
  );
}

/** Rights, then whether there is a coordinator at all, then the id. */
function refusalOf(runtime: GroupRuntime, context: CallContext, groupId: string): number {
  const { authorizer = ALLOWS_EVERYTHING } = context;
  if (!authorizer.mayUseGroup('READ', groupId)) return ErrorCode.GROUP_AUTHORIZATION_FAILED;
  if (!runtime.isServing) return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  return groupId === '' ? ErrorCode.INVALID_GROUP_ID : ErrorCode.NONE;
}

function sessionRefusal(config: GroupConfig, sessionTimeoutMs: number): number {
  const isWithin =
    sessionTimeoutMs >= config.groupMinSessionTimeoutMs && sessionTimeoutMs <= config.groupMaxSessionTimeoutMs;
  return isWithin ? ErrorCode.NONE : ErrorCode.INVALID_SESSION_TIMEOUT;
}

function joinRefused(errorCode: number, memberId: string): JoinGroupResponse {
  return {
    throttleTimeMs: 0,
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}
