/**
 * Configurations of topics, brokers, groups and client metrics.
 *
 * AlterConfigs replaces all of a resource's configs, IncrementalAlterConfigs (KIP-339) changes some. DescribeConfigs: 1 has
 * sources and synonyms (KIP-226), 3 types and documentation (KIP-569). ListConfigResources v0 knew client metrics only.
 */
import { array, bool, int16, int32, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const DescribeConfigsRequest = message(
  'DescribeConfigsRequest',
  { type: 'request', apiKey: 32, validVersions: '1-4', flexibleVersions: '4+' },
  {
    resources: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      configurationKeys: array('0+', 'string', { nullable: '0+' }),
    }),
    includeSynonyms: bool('1+', { default: false }),
    includeDocumentation: bool('3+', { default: false }),
  },
);
export type DescribeConfigsRequest = Infer<typeof DescribeConfigsRequest>;

export const DescribeConfigsResponse = message(
  'DescribeConfigsResponse',
  { type: 'response', apiKey: 32, validVersions: '1-4', flexibleVersions: '4+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      resourceType: int8('0+'),
      resourceName: string('0+'),
      configs: array('0+', {
        name: string('0+'),
        value: string('0+', { nullable: '0+' }),
        readOnly: bool('0+'),
        configSource: int8('1+', { default: -1, ignorable: true }),
        isSensitive: bool('0+'),
        synonyms: array(
          '1+',
          {
            name: string('1+'),
            value: string('1+', { nullable: '0+' }),
            source: int8('1+'),
          },
          { ignorable: true },
        ),
        configType: int8('3+', { default: 0, ignorable: true }),
        documentation: string('3+', { nullable: '0+', ignorable: true }),
      }),
    }),
  },
);
export type DescribeConfigsResponse = Infer<typeof DescribeConfigsResponse>;

export const AlterConfigsRequest = message(
  'AlterConfigsRequest',
  { type: 'request', apiKey: 33, validVersions: '0-2', flexibleVersions: '2+' },
  {
    resources: array('0+', {
      resourceType: int8('0+', { key: true }),
      resourceName: string('0+', { key: true }),
      configs: array('0+', {
        name: string('0+', { key: true }),
        value: string('0+', { nullable: '0+' }),
      }),
    }),
    validateOnly: bool('0+'),
  },
);
export type AlterConfigsRequest = Infer<typeof AlterConfigsRequest>;

export const AlterConfigsResponse = message(
  'AlterConfigsResponse',
  { type: 'response', apiKey: 33, validVersions: '0-2', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    responses: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      resourceType: int8('0+'),
      resourceName: string('0+'),
    }),
  },
);
export type AlterConfigsResponse = Infer<typeof AlterConfigsResponse>;

export const IncrementalAlterConfigsRequest = message(
  'IncrementalAlterConfigsRequest',
  { type: 'request', apiKey: 44, validVersions: '0-1', flexibleVersions: '1+' },
  {
    resources: array('0+', {
      resourceType: int8('0+', { key: true }),
      resourceName: string('0+', { key: true }),
      configs: array('0+', {
        name: string('0+', { key: true }),
        configOperation: int8('0+', { key: true }),
        value: string('0+', { nullable: '0+' }),
      }),
    }),
    validateOnly: bool('0+'),
  },
);
export type IncrementalAlterConfigsRequest = Infer<typeof IncrementalAlterConfigsRequest>;

export const IncrementalAlterConfigsResponse = message(
  'IncrementalAlterConfigsResponse',
  { type: 'response', apiKey: 44, validVersions: '0-1', flexibleVersions: '1+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    responses: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      resourceType: int8('0+'),
      resourceName: string('0+'),
    }),
  },
);
export type IncrementalAlterConfigsResponse = Infer<typeof IncrementalAlterConfigsResponse>;

export const ListConfigResourcesRequest = message(
  'ListConfigResourcesRequest',
  { type: 'request', apiKey: 74, validVersions: '0-1', flexibleVersions: '0+' },
  {
    resourceTypes: array('1+', 'int8'),
  },
);
export type ListConfigResourcesRequest = Infer<typeof ListConfigResourcesRequest>;

export const ListConfigResourcesResponse = message(
  'ListConfigResourcesResponse',
  { type: 'response', apiKey: 74, validVersions: '0-1', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    configResources: array('0+', {
      resourceName: string('0+'),
      resourceType: int8('1+', { default: 16, ignorable: true }),
    }),
  },
);
export type ListConfigResourcesResponse = Infer<typeof ListConfigResourcesResponse>;
