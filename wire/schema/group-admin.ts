/**
 * Groups as tools see them: list, describe, delete.
 *
 * DescribeGroups v6 answers GROUP_ID_NOT_FOUND where older versions say that the group is Dead. ListGroups: 4 filters by state
 * (KIP-518), 5 by type (KIP-848).
 */
import { array, bool, bytes, int16, int32, message, string } from '../schema';
import type { Infer } from '../schema';

export const DescribeGroupsRequest = message(
  'DescribeGroupsRequest',
  { type: 'request', apiKey: 15, validVersions: '0-6', flexibleVersions: '5+' },
  {
    groups: array('0+', 'string'),
    includeAuthorizedOperations: bool('3+'),
  },
);
export type DescribeGroupsRequest = Infer<typeof DescribeGroupsRequest>;

export const DescribeGroupsResponse = message(
  'DescribeGroupsResponse',
  { type: 'response', apiKey: 15, validVersions: '0-6', flexibleVersions: '5+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    groups: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('6+', { nullable: '6+', default: null }),
      groupId: string('0+'),
      groupState: string('0+'),
      protocolType: string('0+'),
      protocolData: string('0+'),
      members: array('0+', {
        memberId: string('0+'),
        groupInstanceId: string('4+', { nullable: '4+', default: null, ignorable: true }),
        clientId: string('0+'),
        clientHost: string('0+'),
        memberMetadata: bytes('0+'),
        memberAssignment: bytes('0+'),
      }),
      authorizedOperations: int32('3+', { default: -2147483648 }),
    }),
  },
);
export type DescribeGroupsResponse = Infer<typeof DescribeGroupsResponse>;

export const ListGroupsRequest = message(
  'ListGroupsRequest',
  { type: 'request', apiKey: 16, validVersions: '0-5', flexibleVersions: '3+' },
  {
    statesFilter: array('4+', 'string'),
    typesFilter: array('5+', 'string'),
  },
);
export type ListGroupsRequest = Infer<typeof ListGroupsRequest>;

export const ListGroupsResponse = message(
  'ListGroupsResponse',
  { type: 'response', apiKey: 16, validVersions: '0-5', flexibleVersions: '3+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    groups: array('0+', {
      groupId: string('0+'),
      protocolType: string('0+'),
      groupState: string('4+', { ignorable: true }),
      groupType: string('5+', { ignorable: true }),
    }),
  },
);
export type ListGroupsResponse = Infer<typeof ListGroupsResponse>;

export const DeleteGroupsRequest = message(
  'DeleteGroupsRequest',
  { type: 'request', apiKey: 42, validVersions: '0-2', flexibleVersions: '2+' },
  {
    groupsNames: array('0+', 'string'),
  },
);
export type DeleteGroupsRequest = Infer<typeof DeleteGroupsRequest>;

export const DeleteGroupsResponse = message(
  'DeleteGroupsResponse',
  { type: 'response', apiKey: 42, validVersions: '0-2', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      groupId: string('0+', { key: true }),
      errorCode: int16('0+'),
    }),
  },
);
export type DeleteGroupsResponse = Infer<typeof DeleteGroupsResponse>;
