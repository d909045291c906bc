/**
 * Access control lists. v1 brought pattern types (KIP-290): 3 is literal, 4 prefixed, and filters may use 1 (any) and 2 (match).
 */
import { array, int16, int32, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const DescribeAclsRequest = message(
  'DescribeAclsRequest',
  { type: 'request', apiKey: 29, validVersions: '1-3', flexibleVersions: '2+' },
  {
    resourceTypeFilter: int8('0+'),
    resourceNameFilter: string('0+', { nullable: '0+' }),
    patternTypeFilter: int8('1+', { default: 3 }),
    principalFilter: string('0+', { nullable: '0+' }),
    hostFilter: string('0+', { nullable: '0+' }),
    operation: int8('0+'),
    permissionType: int8('0+'),
  },
);
export type DescribeAclsRequest = Infer<typeof DescribeAclsRequest>;

export const DescribeAclsResponse = message(
  'DescribeAclsResponse',
  { type: 'response', apiKey: 29, validVersions: '1-3', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    resources: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      patternType: int8('1+', { default: 3 }),
      acls: array('0+', {
        principal: string('0+'),
        host: string('0+'),
        operation: int8('0+'),
        permissionType: int8('0+'),
      }),
    }),
  },
);
export type DescribeAclsResponse = Infer<typeof DescribeAclsResponse>;

export const CreateAclsRequest = message(
  'CreateAclsRequest',
  { type: 'request', apiKey: 30, validVersions: '1-3', flexibleVersions: '2+' },
  {
    creations: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      resourcePatternType: int8('1+', { default: 3 }),
      principal: string('0+'),
      host: string('0+'),
      operation: int8('0+'),
      permissionType: int8('0+'),
    }),
  },
);
export type CreateAclsRequest = Infer<typeof CreateAclsRequest>;

export const CreateAclsResponse = message(
  'CreateAclsResponse',
  { type: 'response', apiKey: 30, validVersions: '1-3', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
    }),
  },
);
export type CreateAclsResponse = Infer<typeof CreateAclsResponse>;

export const DeleteAclsRequest = message(
  'DeleteAclsRequest',
  { type: 'request', apiKey: 31, validVersions: '1-3', flexibleVersions: '2+' },
  {
    filters: array('0+', {
      resourceTypeFilter: int8('0+'),
      resourceNameFilter: string('0+', { nullable: '0+' }),
      patternTypeFilter: int8('1+', { default: 3 }),
      principalFilter: string('0+', { nullable: '0+' }),
      hostFilter: string('0+', { nullable: '0+' }),
      operation: int8('0+'),
      permissionType: int8('0+'),
    }),
  },
);
export type DeleteAclsRequest = Infer<typeof DeleteAclsRequest>;

export const DeleteAclsResponse = message(
  'DeleteAclsResponse',
  { type: 'response', apiKey: 31, validVersions: '1-3', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    filterResults: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      matchingAcls: array('0+', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        resourceType: int8('0+'),
        resourceName: string('0+'),
        patternType: int8('1+', { default: 3 }),
        principal: string('0+'),
        host: string('0+'),
        operation: int8('0+'),
        permissionType: int8('0+'),
      }),
    }),
  },
);
export type DeleteAclsResponse = Infer<typeof DeleteAclsResponse>;
