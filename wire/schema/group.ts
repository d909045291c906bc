/**
 * Classic groups: finding the coordinator, joining, heartbeats.
 *
 * FindCoordinator: from 4 many keys at once, with a response of another shape (KIP-699); key type 2 (share) from 6.
 * JoinGroup: 4 answers MEMBER_ID_REQUIRED with an id to join with (KIP-394); 5 has the instance id (KIP-345); 7 names the
 * protocol; 8 gives reasons (KIP-800); 9 lets the leader skip the assignment. Older clients probe for JoinGroup v0.
 * LeaveGroup: from 3 a list of members.
 */
import { array, bool, bytes, int16, int32, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const FindCoordinatorRequest = message(
  'FindCoordinatorRequest',
  { type: 'request', apiKey: 10, validVersions: '0-6', flexibleVersions: '3+' },
  {
    key: string('0-3'),
    keyType: int8('1+', { default: 0 }),
    coordinatorKeys: array('4+', 'string'),
  },
);
export type FindCoordinatorRequest = Infer<typeof FindCoordinatorRequest>;

export const FindCoordinatorResponse = message(
  'FindCoordinatorResponse',
  { type: 'response', apiKey: 10, validVersions: '0-6', flexibleVersions: '3+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0-3'),
    errorMessage: string('1-3', { nullable: '1-3', ignorable: true }),
    nodeId: int32('0-3'),
    host: string('0-3'),
    port: int32('0-3'),
    coordinators: array('4+', {
      key: string('4+'),
      nodeId: int32('4+'),
      host: string('4+'),
      port: int32('4+'),
      errorCode: int16('4+'),
      errorMessage: string('4+', { nullable: '4+', ignorable: true }),
    }),
  },
);
export type FindCoordinatorResponse = Infer<typeof FindCoordinatorResponse>;

export const JoinGroupRequest = message(
  'JoinGroupRequest',
  { type: 'request', apiKey: 11, validVersions: '0-9', flexibleVersions: '6+' },
  {
    groupId: string('0+'),
    sessionTimeoutMs: int32('0+'),
    rebalanceTimeoutMs: int32('1+', { default: -1, ignorable: true }),
    memberId: string('0+'),
    groupInstanceId: string('5+', { nullable: '5+', default: null }),
    protocolType: string('0+'),
    protocols: array('0+', {
      name: string('0+', { key: true }),
      metadata: bytes('0+'),
    }),
    reason: string('8+', { nullable: '8+', default: null, ignorable: true }),
  },
);
export type JoinGroupRequest = Infer<typeof JoinGroupRequest>;

export const JoinGroupResponse = message(
  'JoinGroupResponse',
  { type: 'response', apiKey: 11, validVersions: '0-9', flexibleVersions: '6+' },
  {
    throttleTimeMs: int32('2+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    generationId: int32('0+', { default: -1 }),
    protocolType: string('7+', { nullable: '7+', default: null, ignorable: true }),
    protocolName: string('0+', { nullable: '7+' }),
    leader: string('0+'),
    skipAssignment: bool('9+', { default: false }),
    memberId: string('0+'),
    members: array('0+', {
      memberId: string('0+'),
      groupInstanceId: string('5+', { nullable: '5+', default: null, ignorable: true }),
      metadata: bytes('0+'),
    }),
  },
);
export type JoinGroupResponse = Infer<typeof JoinGroupResponse>;

export const SyncGroupRequest = message(
  'SyncGroupRequest',
  { type: 'request', apiKey: 14, validVersions: '0-5', flexibleVersions: '4+' },
  {
    groupId: string('0+'),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
    protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
    assignments: array('0+', {
      memberId: string('0+'),
      assignment: bytes('0+'),
    }),
  },
);
export type SyncGroupRequest = Infer<typeof SyncGroupRequest>;

export const SyncGroupResponse = message(
  'SyncGroupResponse',
  { type: 'response', apiKey: 14, validVersions: '0-5', flexibleVersions: '4+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
    protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
    assignment: bytes('0+'),
  },
);
export type SyncGroupResponse = Infer<typeof SyncGroupResponse>;

export const HeartbeatRequest = message(
  'HeartbeatRequest',
  { type: 'request', apiKey: 12, validVersions: '0-4', flexibleVersions: '4+' },
  {
    groupId: string('0+'),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
  },
);
export type HeartbeatRequest = Infer<typeof HeartbeatRequest>;

export const HeartbeatResponse = message(
  'HeartbeatResponse',
  { type: 'response', apiKey: 12, validVersions: '0-4', flexibleVersions: '4+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
  },
);
export type HeartbeatResponse = Infer<typeof HeartbeatResponse>;

export const LeaveGroupRequest = message(
  'LeaveGroupRequest',
  { type: 'request', apiKey: 13, validVersions: '0-5', flexibleVersions: '4+' },
  {
    groupId: string('0+'),
    memberId: string('0-2'),
    members: array('3+', {
      memberId: string('3+'),
      groupInstanceId: string('3+', { nullable: '3+', default: null }),
      reason: string('5+', { nullable: '5+', default: null, ignorable: true }),
    }),
  },
);
export type LeaveGroupRequest = Infer<typeof LeaveGroupRequest>;

export const LeaveGroupResponse = message(
  'LeaveGroupResponse',
  { type: 'response', apiKey: 13, validVersions: '0-5', flexibleVersions: '4+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    members: array('3+', {
      memberId: string('3+'),
      groupInstanceId: string('3+', { nullable: '3+' }),
      errorCode: int16('3+'),
    }),
  },
);
export type LeaveGroupResponse = Infer<typeof LeaveGroupResponse>;
