/**
 * Quotas of users, clients and addresses (KIP-546), and features of the cluster (KIP-584).
 *
 * A null entity name is the default entity. UpdateFeatures: 1 has upgrade types instead of `allowDowngrade`; from 2 the response
 * has no results by feature.
 */
import { array, bool, float64, int16, int32, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const DescribeClientQuotasRequest = message(
  'DescribeClientQuotasRequest',
  { type: 'request', apiKey: 48, validVersions: '0-1', flexibleVersions: '1+' },
  {
    components: array('0+', {
      entityType: string('0+'),
      matchType: int8('0+'),
      match: string('0+', { nullable: '0+' }),
    }),
    strict: bool('0+'),
  },
);
export type DescribeClientQuotasRequest = Infer<typeof DescribeClientQuotasRequest>;

export const DescribeClientQuotasResponse = message(
  'DescribeClientQuotasResponse',
  { type: 'response', apiKey: 48, validVersions: '0-1', flexibleVersions: '1+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    entries: array(
      '0+',
      {
        entity: array('0+', {
          entityType: string('0+'),
          entityName: string('0+', { nullable: '0+' }),
        }),
        values: array('0+', {
          key: string('0+'),
          value: float64('0+'),
        }),
      },
      { nullable: '0+' },
    ),
  },
);
export type DescribeClientQuotasResponse = Infer<typeof DescribeClientQuotasResponse>;

export const AlterClientQuotasRequest = message(
  'AlterClientQuotasRequest',
  { type: 'request', apiKey: 49, validVersions: '0-1', flexibleVersions: '1+' },
  {
    entries: array('0+', {
      entity: array('0+', {
        entityType: string('0+'),
        entityName: string('0+', { nullable: '0+' }),
      }),
      ops: array('0+', {
        key: string('0+'),
        value: float64('0+'),
        remove: bool('0+'),
      }),
    }),
    validateOnly: bool('0+'),
  },
);
export type AlterClientQuotasRequest = Infer<typeof AlterClientQuotasRequest>;

export const AlterClientQuotasResponse = message(
  'AlterClientQuotasResponse',
  { type: 'response', apiKey: 49, validVersions: '0-1', flexibleVersions: '1+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    entries: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      entity: array('0+', {
        entityType: string('0+'),
        entityName: string('0+', { nullable: '0+' }),
      }),
    }),
  },
);
export type AlterClientQuotasResponse = Infer<typeof AlterClientQuotasResponse>;

export const UpdateFeaturesRequest = message(
  'UpdateFeaturesRequest',
  { type: 'request', apiKey: 57, validVersions: '0-2', flexibleVersions: '0+' },
  {
    timeoutMs: int32('0+', { default: 60000 }),
    featureUpdates: array('0+', {
      feature: string('0+', { key: true }),
      maxVersionLevel: int16('0+'),
      allowDowngrade: bool('0'),
      upgradeType: int8('1+', { default: 1 }),
    }),
    validateOnly: bool('1+', { default: false }),
  },
);
export type UpdateFeaturesRequest = Infer<typeof UpdateFeaturesRequest>;

export const UpdateFeaturesResponse = message(
  'UpdateFeaturesResponse',
  { type: 'response', apiKey: 57, validVersions: '0-2', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array(
      '0-1',
      {
        feature: string('0+', { key: true }),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      },
      { ignorable: true },
    ),
  },
);
export type UpdateFeaturesResponse = Infer<typeof UpdateFeaturesResponse>;
