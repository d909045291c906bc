/**
 * Delegation tokens (KIP-48). v3 of CreateDelegationToken and DescribeDelegationToken has an owner other than the requester
 * (KIP-373). Periods are clients' free choice, hence clamped.
 */
import { array, bytes, clampedInt64, int16, int32, int64, message, string } from '../schema';
import type { Infer } from '../schema';

export const CreateDelegationTokenRequest = message(
  'CreateDelegationTokenRequest',
  { type: 'request', apiKey: 38, validVersions: '1-3', flexibleVersions: '2+' },
  {
    ownerPrincipalType: string('3+', { nullable: '3+' }),
    ownerPrincipalName: string('3+', { nullable: '3+' }),
    renewers: array('0+', {
      principalType: string('0+'),
      principalName: string('0+'),
    }),
    maxLifetimeMs: clampedInt64('0+'),
  },
);
export type CreateDelegationTokenRequest = Infer<typeof CreateDelegationTokenRequest>;

export const CreateDelegationTokenResponse = message(
  'CreateDelegationTokenResponse',
  { type: 'response', apiKey: 38, validVersions: '1-3', flexibleVersions: '2+' },
  {
    errorCode: int16('0+'),
    principalType: string('0+'),
    principalName: string('0+'),
    tokenRequesterPrincipalType: string('3+'),
    tokenRequesterPrincipalName: string('3+'),
    issueTimestampMs: int64('0+'),
    expiryTimestampMs: int64('0+'),
    maxTimestampMs: int64('0+'),
    tokenId: string('0+'),
    hmac: bytes('0+'),
    throttleTimeMs: int32('0+', { default: 0 }),
  },
);
export type CreateDelegationTokenResponse = Infer<typeof CreateDelegationTokenResponse>;

export const RenewDelegationTokenRequest = message(
  'RenewDelegationTokenRequest',
  { type: 'request', apiKey: 39, validVersions: '1-2', flexibleVersions: '2+' },
  {
    hmac: bytes('0+'),
    renewPeriodMs: clampedInt64('0+'),
  },
);
export type RenewDelegationTokenRequest = Infer<typeof RenewDelegationTokenRequest>;

export const RenewDelegationTokenResponse = message(
  'RenewDelegationTokenResponse',
  { type: 'response', apiKey: 39, validVersions: '1-2', flexibleVersions: '2+' },
  {
    errorCode: int16('0+'),
    expiryTimestampMs: int64('0+'),
    throttleTimeMs: int32('0+', { default: 0 }),
  },
);
export type RenewDelegationTokenResponse = Infer<typeof RenewDelegationTokenResponse>;

export const ExpireDelegationTokenRequest = message(
  'ExpireDelegationTokenRequest',
  { type: 'request', apiKey: 40, validVersions: '1-2', flexibleVersions: '2+' },
  {
    hmac: bytes('0+'),
    expiryTimePeriodMs: clampedInt64('0+'),
  },
);
export type ExpireDelegationTokenRequest = Infer<typeof ExpireDelegationTokenRequest>;

export const ExpireDelegationTokenResponse = message(
  'ExpireDelegationTokenResponse',
  { type: 'response', apiKey: 40, validVersions: '1-2', flexibleVersions: '2+' },
  {
    errorCode: int16('0+'),
    expiryTimestampMs: int64('0+'),
    throttleTimeMs: int32('0+', { default: 0 }),
  },
);
export type ExpireDelegationTokenResponse = Infer<typeof ExpireDelegationTokenResponse>;

export const DescribeDelegationTokenRequest = message(
  'DescribeDelegationTokenRequest',
  { type: 'request', apiKey: 41, validVersions: '1-3', flexibleVersions: '2+' },
  {
    owners: array(
      '0+',
      {
        principalType: string('0+'),
        principalName: string('0+'),
      },
      { nullable: '0+' },
    ),
  },
);
export type DescribeDelegationTokenRequest = Infer<typeof DescribeDelegationTokenRequest>;

export const DescribeDelegationTokenResponse = message(
  'DescribeDelegationTokenResponse',
  { type: 'response', apiKey: 41, validVersions: '1-3', flexibleVersions: '2+' },
  {
    errorCode: int16('0+'),
    tokens: array('0+', {
      principalType: string('0+'),
      principalName: string('0+'),
      tokenRequesterPrincipalType: string('3+'),
      tokenRequesterPrincipalName: string('3+'),
      issueTimestamp: int64('0+'),
      expiryTimestamp: int64('0+'),
      maxTimestamp: int64('0+'),
      tokenId: string('0+'),
      hmac: bytes('0+'),
      renewers: array('0+', {
        principalType: string('0+'),
        principalName: string('0+'),
      }),
    }),
    throttleTimeMs: int32('0+', { default: 0 }),
  },
);
export type DescribeDelegationTokenResponse = Infer<typeof DescribeDelegationTokenResponse>;
